#!/bin/bash
# Roles, extensions and default rights of the portal's database; run once on an empty server.
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname gilnun \
  --set=application="$APPLICATION_PASSWORD" --set=owner="$OWNER_PASSWORD" <<'SQL'
CREATE ROLE gilnun_owner LOGIN PASSWORD :'owner';
CREATE ROLE gilnun_app LOGIN PASSWORD :'application';
ALTER DATABASE gilnun OWNER TO gilnun_owner;
CREATE EXTENSION vector;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION cube;
CREATE EXTENSION earthdistance;
CREATE EXTENSION unaccent;
GRANT ALL ON SCHEMA public TO gilnun_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE gilnun_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO gilnun_app;
ALTER DEFAULT PRIVILEGES FOR ROLE gilnun_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO gilnun_app;
SQL
