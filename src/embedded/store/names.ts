import { BoundedMap } from './bounded-map.ts'
import { blob, type Connection, integer, type Statement } from './sql.ts'

const cachedNamesHalf = 10_000

/** Stream names and event types, each under one small number. */
export class Names {
  readonly #ids = new BoundedMap<string, number>(cachedNamesHalf)
  readonly #names = new BoundedMap<number, string>(cachedNamesHalf)
  readonly #byName: Statement
  readonly #byId: Statement
  readonly #insert: Statement

  constructor(connection: Connection) {
    this.#byName = connection.prepare('SELECT id FROM names WHERE name = ?')
    this.#byId = connection.prepare('SELECT name FROM names WHERE id = ?')
    this.#insert = connection.prepare('INSERT INTO names (name) VALUES (?) RETURNING id')
  }

  find(name: string): number | undefined {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const row = this.#byName.get([Buffer.from(name)])
    if (row === undefined) return undefined
    const id = integer(row[0])
    this.#ids.set(name, id)
    return id
  }

  /** Only within the writer's transaction; when that is rolled back, `forget` what was interned in it. */
  intern(name: string): number {
    const known = this.find(name)
    if (known !== undefined) return known
    const id = integer(this.#insert.get([Buffer.from(name)])?.[0])
    this.#ids.set(name, id)
    return id
  }

  name(id: number): string {
    const known = this.#names.get(id)
    if (known !== undefined) return known
    const row = this.#byId.get([id])
    if (row === undefined) throw new Error(`the name numbered ${id} is missing`)
    const name = blob(row[0]).toString('utf8')
    this.#names.set(id, name)
    return name
  }

  forget(): void {
    this.#ids.clear()
    this.#names.clear()
  }
}
