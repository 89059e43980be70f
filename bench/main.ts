import { run as access } from './access.ts'
import { run as bus } from './bus.ts'
import { run as evidence } from './evidence.ts'
import { run as http } from './http.ts'
import { run as node } from './node.ts'
import { run as views } from './views.ts'

const benches: Record<string, () => Promise<void>> = { node, http, access, views, bus, evidence }

/** `npm run bench`, or `npm run bench -- http` for one of them. */
const chosen = process.argv.slice(2)
for (const name of chosen.length > 0 ? chosen : Object.keys(benches)) {
  const bench = benches[name]
  if (!bench) throw new Error(`no bench '${name}'; there are ${Object.keys(benches).join(', ')}`)
  console.log(`\n${name}`)
  await bench()
}
process.exit(0)
