FROM python:3.12-slim AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md ./
COPY recorder_tasks recorder_tasks
COPY schedules schedules
ENV PIP_CONSTRAINT=/src/constraints.txt PIP_BUILD_CONSTRAINT=/src/constraints.txt PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/recorder && /opt/recorder/bin/pip install '.[storage,web]'

FROM python:3.12-slim
RUN useradd --system --create-home --home-dir /var/lib/recorder recorder
COPY --from=build /opt/recorder /opt/recorder
ENV PATH=/opt/recorder/bin:$PATH PYTHONUNBUFFERED=1 RECORDER_DATA_DIR=/var/lib/recorder
USER recorder
WORKDIR /var/lib/recorder
VOLUME /var/lib/recorder
ENTRYPOINT ["recorder"]
CMD ["worker"]
