# nstbench for the CPU; docs/install.md says how to run it. All backends: docker build --build-arg EXTRAS=all .
FROM python:3.12-slim AS wheel
WORKDIR /src
COPY . .
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .

FROM python:3.12-slim
ARG EXTRAS=jax,tfhub,bundled
# nstbench asks git which commit it measures.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git \
    && rm -rf /var/lib/apt/lists/*
COPY --from=wheel /wheels /wheels
RUN pip install --no-cache-dir "$(echo /wheels/nstbench-*.whl)[${EXTRAS}]" && rm -r /wheels
# Whoever runs it may be a user without a home.
ENV HOME=/tmp NSTBENCH_CACHE=/tmp/nstbench
WORKDIR /data
USER 1000
ENTRYPOINT ["nstbench"]
CMD ["--help"]
