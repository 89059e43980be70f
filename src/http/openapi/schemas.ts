import { z } from 'zod'
import type { JsonObject, JsonValue } from '../../domain/json.ts'

const jsonObject = z.record(z.string(), z.json())

export const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const refTo = (kind: string, name: string): JsonObject => ({ $ref: `#/components/${kind}/${name}` })

/** JSON Schema 2020-12 of what goes in or comes out. What it cannot say (a transform's outcome) is any value. */
const converted = (schema: z.ZodType, io: 'input' | 'output'): JsonObject => {
  const made = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
    },
  })
  const { $schema: _, ...rest } = jsonObject.parse(JSON.parse(JSON.stringify(made)))
  return rest
}

const definition = (name: string): string => `#/$defs/${name}`
const jsonName = '__schema0'
const { $defs: jsonDefs } = converted(z.object({ value: z.json() }), 'output')

/** What a definition is but for its own name; one that refers to others is told apart by all of them. */
const identity = (defs: JsonObject, name: string): string => {
  const text = JSON.stringify(defs[name]).replaceAll(JSON.stringify(definition(name)), '"itself"')
  return text.includes('"$ref":"#') ? text + JSON.stringify(defs) : text
}

/** The schemas of a document: each body, answer and error by a name, and every schema that has an id of its own. */
export class Components {
  readonly schemas: JsonObject = {}
  private readonly definitions = new Map<string, string>()
  private readonly roots = new Map<string, string>()

  constructor() {
    if (isObject(jsonDefs)) this.definitions.set(identity(jsonDefs, jsonName), 'Json')
  }

  /** The schema in place; only the definitions that it carries become components. */
  inline(name: string, schema: z.ZodType, io: 'input' | 'output'): JsonObject {
    const { $defs, ...root } = converted(schema, io)
    if (!isObject($defs)) return renamed(root, new Map([['#', name]]))
    const fresh: string[] = []
    const names = new Map([['#', name]])
    for (const each of Object.keys($defs)) {
      const key = identity($defs, each)
      const known = this.definitions.get(key)
      const chosen = known ?? this.free(each.startsWith('__') ? `${name}.${each.replace(/^_+/, '')}` : each)
      this.definitions.set(key, chosen)
      names.set(definition(each), chosen)
      if (this.schemas[chosen] === undefined) {
        this.schemas[chosen] = {}
        fresh.push(each)
      }
    }
    for (const each of fresh) {
      this.schemas[names.get(definition(each)) ?? each] = renamed(asObject($defs[each]), names)
    }
    return renamed(root, names)
  }

  /** A reference to the schema, which gets the name unless the scope has the same one already; a scalar stays in place. */
  add(scope: string, name: string, schema: z.ZodType, io: 'input' | 'output'): JsonObject {
    const root = this.inline(name, schema, io)
    const text = JSON.stringify(root)
    if (!/"(?:properties|items|anyOf|oneOf)":/.test(text)) return root
    const known = this.roots.get(`${scope} ${text}`)
    if (known !== undefined) return refTo('schemas', known)
    const chosen = this.free(name)
    this.roots.set(`${scope} ${text}`, chosen)
    this.schemas[chosen] = root
    return refTo('schemas', chosen)
  }

  /** Within a component, what is a component of the same scope too becomes a reference to it. */
  fold(): void {
    for (const [key, name] of this.roots) {
      const scope = key.slice(0, key.indexOf(' '))
      const folded = (value: JsonValue): JsonValue => {
        if (Array.isArray(value)) return value.map(folded)
        if (!isObject(value)) return value
        const known = 'properties' in value ? this.roots.get(`${scope} ${JSON.stringify(value)}`) : undefined
        return known === undefined ? mapped(value, folded) : refTo('schemas', known)
      }
      this.schemas[name] = mapped(asObject(this.schemas[name]), folded)
    }
  }

  private free(name: string): string {
    const plain = name.replace(/[^A-Za-z0-9._-]/g, '_')
    let chosen = plain
    for (let n = 2; this.schemas[chosen] !== undefined; n += 1) chosen = `${plain}.${n}`
    return chosen
  }
}

const asObject = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {})

const mapped = (object: JsonObject, change: (value: JsonValue) => JsonValue): JsonObject =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))

const renamed = (schema: JsonObject, names: ReadonlyMap<string, string>): JsonObject => {
  const change = (value: JsonValue): JsonValue => {
    if (Array.isArray(value)) return value.map(change)
    return isObject(value) ? renamed(value, names) : value
  }
  const name = typeof schema.$ref === 'string' ? names.get(schema.$ref) : undefined
  return name === undefined ? mapped(schema, change) : { ...mapped(schema, change), ...refTo('schemas', name) }
}
