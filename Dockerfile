# Two images from one file:
#   --target serve   clean, recommend, page, traffic and every command; no torch in it
#   --target learn   learn: torch and transformers beside the rest
FROM python:3.11-slim-bookworm AS base
ENV PYTHONUNBUFFERED=1 PATH=/app/.venv/bin:$PATH
WORKDIR /app

FROM base AS build
RUN pip install --no-cache-dir 'uv==0.13.9'
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1
COPY pyproject.toml uv.lock README.md LICENSE ./
COPY recaug ./recaug

FROM build AS build-serve
RUN uv sync --locked --no-default-groups --extra local --group streams

FROM build AS build-learn
RUN uv sync --locked --no-default-groups --extra local --group streams --group models

FROM base AS runtime
# Kafka clients need no root, and a worker that is broken into should not have it.
RUN groupadd --gid 10001 recaug \
 && useradd --uid 10001 --gid recaug --no-create-home --home-dir /data recaug \
 && install --directory --owner=recaug --group=recaug /data /app/cache
COPY recaug ./recaug
COPY streams ./streams
ENV RECAUG_DATA_DIR=/data RECAUG_CACHE_DIR=/app/cache
VOLUME /data
USER recaug

FROM runtime AS learn
COPY models ./models
COPY --from=build-learn /app/.venv /app/.venv
RUN python -m models prepare
CMD ["python", "-m", "streams", "learn"]

FROM runtime AS serve
COPY --from=build-serve /app/.venv /app/.venv
# The text encoder reads what people search for.
COPY --from=learn --chown=recaug:recaug /app/cache /app/cache
CMD ["python", "-m", "streams", "recommend"]
