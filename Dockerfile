# The service for a PostgreSQL and a broker of yours (DATABASE_URL, CELERY_BROKER_URL); see
# compose.yaml. Without them `python manage.py serve` brings its own into DATA_DIR.
FROM python:3.11-slim AS build
COPY requirements.txt /build/
RUN python -m venv /srv/venv \
    && /srv/venv/bin/pip install --no-cache-dir --require-hashes -r /build/requirements.txt

FROM python:3.11-slim
RUN groupadd --system --gid 10001 omniretail \
    && useradd --system --uid 10001 --gid omniretail --home-dir /srv/app --shell /usr/sbin/nologin omniretail \
    && install -d -o omniretail -g omniretail -m 0750 /srv/data
COPY --from=build /srv/venv /srv/venv
WORKDIR /srv/app
COPY manage.py ./
COPY core core
COPY omniretail omniretail
COPY stores stores
COPY inventory inventory
COPY orders orders
COPY locale locale
ENV PATH=/srv/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    DJANGO_SETTINGS_MODULE=omniretail.settings \
    DATA_DIR=/srv/data \
    HOST=0.0.0.0 \
    PORT=8000
USER omniretail
VOLUME /srv/data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Any answer but a failure counts: ALLOWED_HOSTS may know only the public name.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ['PORT']), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status >= 500)"]
CMD ["python", "-m", "omniretail.web"]
