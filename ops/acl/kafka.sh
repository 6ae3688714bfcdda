#!/bin/sh
# Lets each service do what it does and nothing more. Written by: python -m streams.acl kafka
#
#   RECAUG_PREFIX=shop. ops/acl/kafka.sh HOST:PORT admin.properties
#
# admin.properties holds the credentials of an administrator (bootstrap.servers are given). The
# brokers must run with an authorizer and allow.everyone.if.no.acl.found=false.
set -eu
servers=$1 admin=$2
p=${RECAUG_PREFIX:-}

allow() {
  principal=$1
  shift
  kafka-acls.sh --bootstrap-server "$servers" --command-config "$admin" \
    --add --allow-principal "User:$principal" "$@"
}

allow recaug-clean --operation Describe \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.metrics" \
  --topic "${p}recommendations"
allow recaug-clean --operation Read \
  --group "${p}recaug-clean"
allow recaug-clean --operation Describe \
  --group "recaug-follower"
allow recaug-clean --operation Read \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users"
allow recaug-clean --operation Write \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.dead-letters" \
  --topic "${p}recaug.pulses"

allow recaug-learn --operation Describe \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.dead-letters" \
  --topic "${p}recommendations"
allow recaug-learn --operation Read \
  --group "${p}recaug-learn"
allow recaug-learn --operation Describe \
  --group "recaug-follower"
allow recaug-learn --operation Read \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.metrics"
allow recaug-learn --operation Write \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.pulses"

allow recaug-recommend --operation Describe \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.dead-letters"
allow recaug-recommend --operation Read \
  --group "${p}recaug-recommend"
allow recaug-recommend --operation Describe \
  --group "recaug-follower"
allow recaug-recommend --operation Read \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.models"
allow recaug-recommend --operation Write \
  --topic "${p}recaug.metrics" \
  --topic "${p}recaug.pulses" \
  --topic "${p}recommendations"

allow recaug-page --operation Describe \
  --group "${p}recaug-clean" \
  --group "${p}recaug-learn" \
  --group "${p}recaug-recommend" \
  --group "recaug-audit"
allow recaug-page --operation DescribeConfigs \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.dead-letters" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.metrics" \
  --topic "${p}recaug.pulses" \
  --topic "${p}recommendations"
allow recaug-page --operation Read \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.dead-letters" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.metrics" \
  --topic "${p}recaug.pulses" \
  --topic "${p}recommendations"
allow recaug-page --operation Write \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social"

allow recaug-exporter --operation Describe \
  --group "${p}recaug-clean" \
  --group "${p}recaug-learn" \
  --group "${p}recaug-recommend" \
  --group "recaug-audit"
allow recaug-exporter --operation DescribeConfigs \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.dead-letters" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.metrics" \
  --topic "${p}recaug.pulses" \
  --topic "${p}recommendations"
allow recaug-exporter --operation Read \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.dead-letters" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.metrics" \
  --topic "${p}recaug.pulses" \
  --topic "${p}recommendations"

allow recaug-operator --operation Describe \
  --group "${p}recaug-clean" \
  --group "${p}recaug-learn" \
  --group "${p}recaug-recommend" \
  --group "recaug-audit"
allow recaug-operator --operation DescribeConfigs \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.dead-letters" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.metrics" \
  --topic "${p}recaug.pulses" \
  --topic "${p}recommendations"
allow recaug-operator --operation Read \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.events" \
  --topic "${p}recaug.items" \
  --topic "${p}recaug.users" \
  --topic "${p}recaug.item-vectors" \
  --topic "${p}recaug.dead-letters" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.metrics" \
  --topic "${p}recaug.pulses" \
  --topic "${p}recommendations" \
  --topic "__consumer_offsets"
allow recaug-operator --operation Write \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users" \
  --topic "${p}recaug.models" \
  --topic "${p}recaug.dead-letters"

allow recaug-producer --operation Write \
  --topic "${p}clickstream" \
  --topic "${p}searches" \
  --topic "${p}social" \
  --topic "${p}items" \
  --topic "${p}users"

allow recaug-consumer --operation Read \
  --group "${p}recaug-consumer"
allow recaug-consumer --operation Read \
  --topic "${p}recommendations" \
  --topic "${p}recaug.users"
