# One image for the code server, the UI and the daemon. Build: docker build -t leadsync .
FROM python:3.11-slim AS build
WORKDIR /build
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.lock
COPY connectors connectors
COPY pipelines pipelines
COPY sql sql
COPY sandbox sandbox
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps --no-build-isolation . \
    # Without bytecode every Dagster process compiles its imports anew: a second at each start.
    && /opt/venv/bin/python -m compileall -q -j 2 /opt/venv/lib

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 leadsync
COPY --from=build /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 DAGSTER_HOME=/opt/dagster LEADSYNC_CONFIG=/app/leadsync.yaml
WORKDIR /app
COPY workspace.yaml leadsync.yaml ./
COPY examples/crm examples/crm
COPY pipelines/dagster.yaml deploy/storage.yaml /tmp/
RUN mkdir -p $DAGSTER_HOME/storage && cat /tmp/dagster.yaml /tmp/storage.yaml > $DAGSTER_HOME/dagster.yaml \
    && rm /tmp/dagster.yaml /tmp/storage.yaml && chown -R leadsync $DAGSTER_HOME /app
USER leadsync
EXPOSE 3000 4000
# `dagster api grpc` ends when the code does not load; `code-server start` would answer its probe all the same.
CMD ["dagster", "api", "grpc", "-m", "pipelines.definitions", "-h", "0.0.0.0", "-p", "4000"]
