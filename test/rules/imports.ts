import { dirname, posix } from 'node:path'
import type { Source } from './sources.ts'

const everything = ['']
const ports = ['src/domain/', 'src/app/ports/']
const inside = ['src/domain/', 'src/app/']

/**
 * What each room may import besides itself (DESIGN.md section 2): paths that begin like this, or packages. A room is a
 * folder; of two that fit, the first counts, so the deeper one stands first.
 */
const rooms: Record<string, readonly string[]> = {
  'src/domain/': [],
  'src/app/': ['src/domain/', 'node:crypto'],
  'projections/': [...ports, 'libsql', 'node:crypto', 'node:worker_threads'],
  'src/ledger/': [...ports, '@eventstore/db-client', 'zod'],
  'src/bus/': [...ports, 'nats', 'node:'],
  'src/engines/': [...ports, '@duckdb/node-api', 'ajv/', 'ml-matrix', 'node:'],
  'src/connectors/': [...ports, 'node:'],
  'src/evidence/verifier/': ['src/domain/canonical-json.ts', 'src/domain/json.ts', 'node:crypto', 'node:fs'],
  'src/witness/': ['src/domain/', 'src/app/ports/evidence.ts', 'src/evidence/', 'node:'],
  'src/evidence/jobs/': [...ports, 'src/evidence/', 'src/keys/whole-files.ts', 'zod', 'node:'],
  'src/evidence/': [...ports, 'libsql', 'node:'],
  'src/auth/': [...ports, 'jose/', '@cedar-policy/cedar-wasm/nodejs', 'node:'],
  'src/keys/': [...ports, 'node:'],
  'src/metrics/': [...inside, 'prom-client'],
  'src/net/': ['node:'],
  'src/embedded/': ['node:', '@grpc/grpc-js', '@eventstore/db-client/generated/', 'google-protobuf/', 'libsql'],
  'src/relay/': inside,
  'src/webhooks/': [...ports, 'src/net/', 'node:'],
  'src/workers/': inside,
  'src/processes/': inside,
  'src/contracts/': ['src/domain/', 'zod'],
  'src/manifests/validate/': ['src/domain/', 'src/app/ports/', 'src/manifests/'],
  'src/manifests/': ['src/domain/', 'yaml', 'zod', 'node:'],
  'src/host/': ['src/app/ports/', 'node:', '@hono/node-server'],
  'src/http/asyncapi/': [...ports, 'src/app/cloud-events.ts', 'src/http/', 'src/ledger/schemas/', 'zod'],
  'src/http/openapi/': ['src/domain/', 'src/http/', 'hono', 'hono/', 'zod', 'node:'],
  'src/http/': [...inside, 'src/auth/', 'projections/', 'hono', 'hono/', 'zod', 'node:crypto', 'rate-limiter-flexible'],
  'src/config.ts': ['src/config/', 'src/domain/ledger/decide.ts', 'node:path', 'zod'],
  'src/config/': [
    'src/auth/principal.ts',
    'src/domain/ids.ts',
    'src/evidence/verifier/note.ts',
    'src/net/networks.ts',
    'src/webhooks/schedule.ts',
    'node:path',
    'zod',
  ],
  'src/main.ts': everything,
  'src/worker.ts': everything,
  'src/cli/': everything,
  'src/compose/': everything,
  'src/cli.ts': everything,
  'src/demo/': everything,
}

/** A dialect is a room of its own within http: it sees what all dialects share, and no other dialect. */
const dialect = /^src\/http\/dialects\/[^/]+\//
const ofDialects = [...inside, 'projections/', 'hono', 'zod']

const statement = /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]/gm
const bare = /^\s*import\s*['"]([^'"]+)['"]/gm
const dynamic = /\b(?:import|require|import\.meta\.resolve)\s*\(\s*['"]([^'"]+)['"]/g

/** What a source imports: paths from the project's folder on, and packages as they are written. */
export const importsOf = ({ path, text }: Source): string[] =>
  [statement, bare, dynamic]
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .flatMap(([, specifier]) => (specifier === undefined ? [] : [specifier]))
    .map((specifier) => (specifier.startsWith('.') ? posix.join(dirname(path), specifier) : specifier))

const roomOf = (path: string): { room: string; allowed: readonly string[] } | undefined => {
  const [room] = dialect.exec(path) ?? []
  if (room !== undefined) return { room, allowed: ofDialects }
  const found = Object.entries(rooms).find(([name]) => path.startsWith(name))
  return found && { room: found[0], allowed: found[1] }
}

/** What ends like a folder or a scheme covers all that begins with it; a package's name only itself. */
const covers = (allowed: string, imported: string): boolean =>
  allowed === '' || /[/:]$/.test(allowed) ? imported.startsWith(allowed) : imported === allowed

/** `file: import` for each import that the table does not allow, and `file: no room` where it knows none. */
export const forbiddenImports = (source: Source): string[] => {
  const found = roomOf(source.path)
  if (!found) return [`${source.path}: no room`]
  const { room, allowed } = found
  const isAllowed = (imported: string): boolean => {
    if (imported.startsWith(room)) return true
    const isShared = dialect.test(source.path) && imported.startsWith('src/http/') && !dialect.test(imported)
    return isShared || allowed.some((each) => covers(each, imported))
  }
  return importsOf(source)
    .filter((imported) => !isAllowed(imported))
    .map((imported) => `${source.path}: ${imported}`)
}
