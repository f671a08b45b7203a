-- The functions that mem0 calls through the REST interface of Supabase
-- (PostgREST), for the provider `supabase` with `transport = "rest"`. Run this
-- once in the project's SQL editor, as the user `postgres`; running it again is
-- harmless. The tables are those that mem0 makes over a connection with
-- `schema = "mem0"`, so both transports share them.
--
-- Only the secret key (role `service_role`) may call them. The schema `mem0` is
-- not to be exposed.

CREATE SCHEMA IF NOT EXISTS mem0;
CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE IF NOT EXISTS mem0.mem0_collections (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE,
    tab text COLLATE "C" NOT NULL UNIQUE,
    model text NOT NULL,
    dims integer NOT NULL,
    digest text NOT NULL,
    metric text NOT NULL,
    words text);
ALTER TABLE mem0.mem0_collections ADD COLUMN IF NOT EXISTS words text;

-- The elements of a field: those of its list, or itself; null if it is missing.
CREATE OR REPLACE FUNCTION mem0.elements(field jsonb) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_array_elements(CASE jsonb_typeof(field) WHEN 'array' THEN field ELSE jsonb_build_array(field) END)
$$;

-- Whether a filter matches a payload.
CREATE OR REPLACE FUNCTION mem0.matches(payload jsonb, times jsonb, filter jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog AS $$
DECLARE
    part jsonb;
    field jsonb := payload -> (filter ->> 'field');
    wanted text := filter ->> 'value';
    signs jsonb := filter -> 'signs';
BEGIN
    CASE filter ->> 'op'
    WHEN 'not' THEN
        RETURN NOT mem0.matches(payload, times, filter -> 'of');
    WHEN 'and' THEN
        FOR part IN SELECT jsonb_array_elements(filter -> 'of') LOOP
            IF NOT mem0.matches(payload, times, part) THEN RETURN FALSE; END IF;
        END LOOP;
        RETURN TRUE;
    WHEN 'or' THEN
        FOR part IN SELECT jsonb_array_elements(filter -> 'of') LOOP
            IF mem0.matches(payload, times, part) THEN RETURN TRUE; END IF;
        END LOOP;
        RETURN FALSE;
    WHEN 'in' THEN
        RETURN EXISTS (
            SELECT FROM mem0.elements(field) AS e(v)
            WHERE v IN (SELECT w::jsonb FROM jsonb_array_elements_text(filter -> 'values') AS w));
    WHEN 'number' THEN
        RETURN EXISTS (
            SELECT FROM mem0.elements(field) AS e(v)
            WHERE CASE jsonb_typeof(v) WHEN 'number' THEN signs @> to_jsonb(
                CASE WHEN v::numeric < wanted::numeric THEN -1 WHEN v::numeric = wanted::numeric THEN 0 ELSE 1 END)
                ELSE FALSE END);
    WHEN 'text' THEN
        RETURN EXISTS (
            SELECT FROM mem0.elements(field) AS e(v)
            WHERE jsonb_typeof(v) = 'string' AND signs @> to_jsonb(
                CASE WHEN (v #>> '{}') COLLATE "C" < wanted THEN -1 WHEN (v #>> '{}') = wanted THEN 0 ELSE 1 END));
    WHEN 'time' THEN
        RETURN EXISTS (
            SELECT FROM jsonb_array_elements(times -> (filter ->> 'field')) AS e(v)
            WHERE signs @> to_jsonb(sign(v::numeric - wanted::numeric)::int));
    WHEN 'contains' THEN
        RETURN EXISTS (
            SELECT FROM mem0.elements(field) AS e(v)
            WHERE jsonb_typeof(v) = 'string' AND strpos(translate(
                replace(v #>> '{}', coalesce(filter ->> 'one', ''), coalesce(filter ->> 'two', '')),
                coalesce(filter ->> 'upper', ''), coalesce(filter ->> 'lower', '')), wanted) > 0);
    WHEN 'exists' THEN
        RETURN coalesce(jsonb_typeof(field) <> 'null', FALSE);
    END CASE;
END
$$;

-- The conditions of a scope, of which a deleted point has none, and of a filter,
-- as they stand in a statement.
CREATE OR REPLACE FUNCTION mem0.conditions(scope jsonb, filter jsonb) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog AS $$
    SELECT CASE WHEN scope IS NULL THEN 'vector IS NOT NULL' ELSE (
        SELECT string_agg(format('%I = %L', key, value), ' AND ') FROM jsonb_each_text(scope)
        WHERE key IN ('org_id', 'app_id', 'user_id', 'agent_id', 'run_id')) END
        || CASE WHEN filter IS NULL THEN '' ELSE format(' AND mem0.matches(payload, times, %L::jsonb)', filter) END
$$;

-- The table of a collection; one that was dropped is not the same as an empty one.
CREATE OR REPLACE FUNCTION mem0.table_of(p jsonb) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE found text;
BEGIN
    SELECT format('mem0.%I', tab) INTO found FROM mem0.mem0_collections WHERE no = (p ->> 'no')::bigint;
    IF found IS NULL THEN
        RAISE EXCEPTION 'the collection was dropped' USING ERRCODE = 'P0002';
    END IF;
    RETURN found;
END
$$;

-- The same for a write: it cannot be dropped and made again in between.
CREATE OR REPLACE FUNCTION mem0.held(p jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    PERFORM FROM mem0.mem0_collections WHERE no = (p ->> 'no')::bigint FOR KEY SHARE;
    RETURN mem0.table_of(p);
END
$$;

CREATE OR REPLACE FUNCTION public.mem0_open(p jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = extensions, public, pg_temp AS $$
DECLARE
    known mem0.mem0_collections;
    name text;
    words text := format('words tsvector GENERATED ALWAYS AS '
        '(to_tsvector(%L::regconfig, left(payload ->> ''data'', 100000))) STORED', quote_ident(p ->> 'words'));
    indexed text := CASE WHEN (p ->> 'half')::boolean
        THEN format('((vector::halfvec(%s)) halfvec_cosine_ops)', (p ->> 'dims')::integer)
        ELSE '(vector vector_cosine_ops)' END;
BEGIN
    SELECT * INTO known FROM mem0.mem0_collections AS c WHERE c.name = p ->> 'name';
    IF known.words IS NOT NULL THEN
        RETURN to_jsonb(known);
    END IF;
    PERFORM pg_advisory_xact_lock(x'6d656d307067'::bigint);
    SELECT * INTO known FROM mem0.mem0_collections AS c WHERE c.name = p ->> 'name';
    IF known.words IS NOT NULL THEN
        RETURN to_jsonb(known);
    END IF;
    name := format('mem0.%I', coalesce(known.tab, p ->> 'tab'));
    IF known.no IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s ADD COLUMN %s', name, words);
        UPDATE mem0.mem0_collections AS c SET words = p ->> 'words' WHERE c.no = known.no RETURNING * INTO known;
    ELSIF to_regclass(name) IS NOT NULL THEN
        RETURN '{"taken": true}';
    ELSE
        EXECUTE format('CREATE TABLE %s (id uuid PRIMARY KEY, vector vector(%s), payload jsonb,
            version bigint NOT NULL DEFAULT 0, org_id text COLLATE "C", app_id text COLLATE "C",
            user_id text COLLATE "C", agent_id text COLLATE "C", run_id text COLLATE "C", times jsonb, %s)',
            name, (p ->> 'dims')::integer, words);
        EXECUTE format('CREATE INDEX ON %s (user_id, id) WHERE user_id IS NOT NULL', name);
        EXECUTE format('CREATE INDEX ON %s (agent_id, id) WHERE agent_id IS NOT NULL', name);
        EXECUTE format('CREATE INDEX ON %s (run_id, id) WHERE run_id IS NOT NULL', name);
        CASE p ->> 'index'
        WHEN 'hnsw' THEN EXECUTE format('CREATE INDEX ON %s USING hnsw %s WITH (m = 16, ef_construction = 64)', name, indexed);
        WHEN 'ivfflat' THEN EXECUTE format('CREATE INDEX ON %s USING ivfflat %s WITH (lists = 100)', name, indexed);
        ELSE NULL;
        END CASE;
        INSERT INTO mem0.mem0_collections (name, tab, model, dims, digest, metric, words)
        VALUES (p ->> 'name', p ->> 'tab', p ->> 'model', (p ->> 'dims')::integer, p ->> 'digest', p ->> 'metric',
            p ->> 'words')
        RETURNING * INTO known;
    END IF;
    EXECUTE format('CREATE INDEX ON %s USING gin (words)', name);
    RETURN to_jsonb(known);
END
$$;

CREATE OR REPLACE FUNCTION public.mem0_drop(p jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE known mem0.mem0_collections;
BEGIN
    PERFORM pg_advisory_xact_lock(x'6d656d307067'::bigint);
    SELECT * INTO known FROM mem0.mem0_collections AS c WHERE c.name = p ->> 'name';
    IF known.no IS NOT NULL THEN
        EXECUTE format('DROP TABLE IF EXISTS mem0.%I', known.tab);
        DELETE FROM mem0.mem0_collections AS c WHERE c.no = known.no;
    END IF;
    RETURN 'null';
END
$$;

CREATE OR REPLACE FUNCTION public.mem0_upsert(p jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = extensions, public, pg_temp AS $$
BEGIN
    EXECUTE format('INSERT INTO %s AS old
            (id, version, org_id, app_id, user_id, agent_id, run_id, vector, payload, times)
        SELECT (u ->> ''id'')::uuid, (u ->> ''version'')::bigint, u -> ''scope'' ->> ''org_id'',
            u -> ''scope'' ->> ''app_id'', u -> ''scope'' ->> ''user_id'', u -> ''scope'' ->> ''agent_id'',
            u -> ''scope'' ->> ''run_id'', (u ->> ''vector'')::vector, (u ->> ''payload'')::jsonb,
            (u ->> ''times'')::jsonb
        FROM jsonb_array_elements($1) AS u ORDER BY 1
        ON CONFLICT (id) DO UPDATE SET
            version = excluded.version, org_id = excluded.org_id, app_id = excluded.app_id,
            user_id = excluded.user_id, agent_id = excluded.agent_id, run_id = excluded.run_id,
            vector = excluded.vector, payload = excluded.payload, times = excluded.times
        WHERE excluded.version >= old.version', mem0.held(p)) USING p -> 'points';
    RETURN 'null';
END
$$;

-- A page of points by their ids: some of them, or what follows one.
CREATE OR REPLACE FUNCTION public.mem0_points(p jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = extensions, public, pg_temp AS $$
DECLARE points jsonb;
BEGIN
    EXECUTE format('SELECT coalesce(jsonb_agg(point ORDER BY id), ''[]'') FROM (
        SELECT id, jsonb_build_object(''id'', id, ''version'', version, ''scope'', jsonb_strip_nulls(
            jsonb_build_object(''org_id'', org_id, ''app_id'', app_id, ''user_id'', user_id, ''agent_id'', agent_id,
            ''run_id'', run_id)), ''vector'', vector::text, ''payload'', payload::text) AS point
        FROM %s WHERE %s AND %s ORDER BY id LIMIT $2) AS page',
        mem0.table_of(p), mem0.conditions(p -> 'scope', p -> 'filter'),
        CASE WHEN p ? 'ids' THEN 'id IN (SELECT jsonb_array_elements_text($1 -> ''ids'')::uuid)'
            WHEN p ? 'after' THEN 'id > ($1 ->> ''after'')::uuid' ELSE 'TRUE' END)
    INTO points USING p, (p ->> 'limit')::bigint;
    RETURN points;
END
$$;

CREATE OR REPLACE FUNCTION public.mem0_count(p jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = extensions, public, pg_temp AS $$
DECLARE points bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s WHERE %s', mem0.table_of(p), mem0.conditions(p -> 'scope', p -> 'filter'))
    INTO points;
    RETURN to_jsonb(points);
END
$$;

-- Deletes some points unless they have got later versions. What is not there is
-- noted as deleted as well, so that it does not come back when it arrives.
CREATE OR REPLACE FUNCTION public.mem0_delete(p jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = extensions, public, pg_temp AS $$
DECLARE gone bigint;
BEGIN
    EXECUTE format('WITH wanted AS (
            SELECT (u ->> 0)::uuid AS id, (u ->> 1)::bigint AS version FROM jsonb_array_elements($1) AS u),
        gone AS (
            SELECT old.id FROM %1$s AS old JOIN wanted USING (id)
            WHERE old.vector IS NOT NULL AND old.version <= wanted.version ORDER BY old.id FOR UPDATE OF old),
        noted AS (
            INSERT INTO %1$s AS old (id, version) SELECT wanted.id, wanted.version FROM wanted ORDER BY wanted.id
            ON CONFLICT (id) DO UPDATE SET
                version = excluded.version, org_id = NULL, app_id = NULL, user_id = NULL, agent_id = NULL,
                run_id = NULL, vector = NULL, payload = NULL, times = NULL
            WHERE excluded.version >= old.version)
        SELECT count(*) FROM gone', mem0.held(p)) INTO gone USING p -> 'ids';
    RETURN to_jsonb(gone);
END
$$;

CREATE OR REPLACE FUNCTION public.mem0_delete_scope(p jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = extensions, public, pg_temp AS $$
DECLARE gone bigint;
BEGIN
    EXECUTE format('WITH gone AS (UPDATE %s SET org_id = NULL, app_id = NULL, user_id = NULL, agent_id = NULL,
            run_id = NULL, vector = NULL, payload = NULL, times = NULL WHERE %s RETURNING id)
        SELECT count(*) FROM gone', mem0.held(p), mem0.conditions(p -> 'scope', NULL)) INTO gone;
    RETURN to_jsonb(gone);
END
$$;

-- A small scope is scanned; of a large one the index is asked, and where that
-- brings too few, the scope is scanned after all.
CREATE OR REPLACE FUNCTION public.mem0_search(p jsonb) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = extensions, public, pg_temp AS $$
DECLARE
    q jsonb;
    answers jsonb := '[]';
    hits jsonb;
    large boolean;
    tab text := mem0.table_of(p);
    dims integer;
    most bigint;
BEGIN
    PERFORM set_config('hnsw.ef_search', '100', TRUE), set_config('hnsw.iterative_scan', 'relaxed_order', TRUE),
        set_config('ivfflat.probes', '10', TRUE), set_config('ivfflat.iterative_scan', 'relaxed_order', TRUE);
    SELECT c.dims INTO dims FROM mem0.mem0_collections AS c WHERE c.no = (p ->> 'no')::bigint;
    FOR q IN SELECT jsonb_array_elements(p -> 'queries') LOOP
        most := (q ->> 'limit')::bigint;
        hits := '[]';
        EXECUTE format('SELECT count(*) > $1 FROM (SELECT FROM %s WHERE %s LIMIT $1 + 1) AS some_points',
            tab, mem0.conditions(q -> 'scope', NULL)) INTO large USING (p ->> 'exact_up_to')::bigint;
        IF large THEN
            EXECUTE format('SELECT coalesce(jsonb_agg(jsonb_build_array(id, version, distance)), ''[]'') FROM (
                SELECT id, version, vector <=> $1 AS distance FROM (
                    SELECT id, version, vector FROM %s WHERE %s ORDER BY %s LIMIT 2 * $2) AS near
                ORDER BY (vector <=> $1) + 0, id LIMIT $2) AS best',
                tab, mem0.conditions(q -> 'scope', q -> 'filter'),
                CASE WHEN (p ->> 'half')::boolean
                    THEN format('(vector::halfvec(%s)) <=> $1::halfvec(%s)', dims, dims) ELSE 'vector <=> $1' END)
            INTO hits USING (q ->> 'vector')::vector, most;
        END IF;
        IF jsonb_array_length(hits) < most THEN
            EXECUTE format('SELECT coalesce(jsonb_agg(jsonb_build_array(id, version, distance)), ''[]'') FROM (
                SELECT id, version, vector <=> $1 AS distance FROM %s WHERE %s
                ORDER BY (vector <=> $1) + 0, id LIMIT $2) AS best',
                tab, mem0.conditions(q -> 'scope', q -> 'filter'))
            INTO hits USING (q ->> 'vector')::vector, most;
        END IF;
        answers := answers || jsonb_build_array(hits);
    END LOOP;
    RETURN answers;
END
$$;

CREATE OR REPLACE FUNCTION public.mem0_search_text(p jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = extensions, public, pg_temp AS $$
DECLARE
    q jsonb;
    answers jsonb := '[]';
    hits jsonb;
    tab text := mem0.table_of(p);
    config text;
BEGIN
    SELECT quote_ident(c.words) INTO config FROM mem0.mem0_collections AS c WHERE c.no = (p ->> 'no')::bigint;
    FOR q IN SELECT jsonb_array_elements(p -> 'queries') LOOP
        EXECUTE format('WITH asked AS MATERIALIZED (
                SELECT lexeme FROM unnest(to_tsvector(%L::regconfig, left($1, 100000)))),
            found AS MATERIALIZED (
                SELECT id, version, words,
                    (SELECT sum(cardinality(positions)) FROM unnest(words))::float8 AS length
                FROM %s WHERE words @@ (SELECT string_agg('''''''' || replace(replace(lexeme, E''\\'', E''\\\\''),
                    '''''''', '''''''''''') || '''''''', '' | '')::tsquery FROM asked) AND %s),
            said AS MATERIALIZED (
                SELECT id, version, length, lexeme, cardinality(positions)::float8 AS times
                FROM found, unnest(words) WHERE lexeme IN (SELECT lexeme FROM asked)),
            rare AS MATERIALIZED (
                SELECT lexeme, ln(1 + (SELECT count(*) FROM found)::float8 / count(*)) AS weight
                FROM said GROUP BY lexeme)
            SELECT coalesce(jsonb_agg(jsonb_build_array(id, version, score) ORDER BY score DESC, id), ''[]'') FROM (
                SELECT id, version, sum(weight * times * (1 + $3) /
                    (times + $3 * (1 - $4 + $4 * length / (SELECT avg(length) FROM found))))::real AS score
                FROM said JOIN rare USING (lexeme) GROUP BY id, version ORDER BY score DESC, id LIMIT $2) AS best',
            config, tab, mem0.conditions(q -> 'scope', q -> 'filter'))
        INTO hits USING q ->> 'text', (q ->> 'limit')::bigint, (p ->> 'k1')::float8, (p ->> 'b')::float8;
        answers := answers || jsonb_build_array(hits);
    END LOOP;
    RETURN answers;
END
$$;

-- Nobody but the secret key. Supabase grants what is new in `public` to all of
-- its roles.
DO $$
DECLARE
    function text;
    role text;
BEGIN
    FOR function IN
        SELECT format('%I.%I(%s)', n.nspname, f.proname, pg_get_function_identity_arguments(f.oid))
        FROM pg_proc AS f JOIN pg_namespace AS n ON n.oid = f.pronamespace
        WHERE n.nspname = 'mem0' OR (n.nspname = 'public' AND f.proname LIKE 'mem0\_%')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', function);
        FOR role IN SELECT rolname FROM pg_roles WHERE rolname IN ('anon', 'authenticated') LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM %I', function, role);
        END LOOP;
        IF function LIKE 'public.%' AND EXISTS (SELECT FROM pg_roles WHERE rolname = 'service_role') THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO service_role', function);
        END IF;
    END LOOP;
END
$$;
NOTIFY pgrst, 'reload schema';
