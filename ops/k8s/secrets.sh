#!/bin/sh
# Makes the Secrets that Strimzi does not make, and the map of trusted keys:
#
#   ops/k8s/secrets.sh secrets | kubectl apply --namespace recaug -f -
#
# The files stay in the directory, readable by you alone, and are not made again while they are there:
# delete one, run this again and restart the pods to exchange it. Keep a copy: without signing.key
# every model made so far is refused.
set -eu
umask 077
acl=$(cd "$(dirname "$0")/../acl" && pwd)/redis.acl
mkdir -p "$1"
cd "$1"

# The key that signs models, and its public half.
[ -e signing.key ] || openssl genpkey -algorithm ed25519 -out signing.key
openssl pkey -in signing.key -pubout -out signing.pub

# Redis's certificate, and the authority that says so. With cert-manager in the cluster: a Certificate
# for the same names and the same Secret.
p256="-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
[ -e ca.key ] || openssl req -x509 $p256 -days 3650 -subj /CN=recaug-redis-ca \
  -addext keyUsage=critical,keyCertSign,cRLSign -keyout ca.key -out ca.crt
[ -e tls.key ] || {
  openssl req $p256 -subj /CN=recaug-redis -keyout tls.key -out tls.csr
  printf 'subjectAltName=DNS:recaug-redis\nauthorityKeyIdentifier=keyid\n' > tls.ext
  openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 \
    -extfile tls.ext -out tls.crt
}

# A password for each user of Redis; its digest goes into the list of users.
cp "$acl" users.acl
for user in recommend operator; do
  [ -e "redis-$user" ] || openssl rand -hex 24 | tr -d '\n' > "redis-$user"
  digest=$(openssl dgst -sha256 -r "redis-$user" | cut -c 1-64)
  sed "s/^user recaug-$user on #SHA256/user recaug-$user on #$digest/" users.acl > users.new
  mv users.new users.acl
done

say() {
  kubectl create "$@" --dry-run=client --output yaml
  echo ---
}
say secret generic recaug-signing --from-file=signing.key
say configmap recaug-trust --from-file=signing.pub
say secret generic recaug-redis-tls --from-file=tls.crt --from-file=tls.key --from-file=ca.crt
say secret generic recaug-redis-acl --from-file=users.acl
say secret generic recaug-redis-recommend --from-file=password=redis-recommend
say secret generic recaug-redis-operator --from-file=password=redis-operator
