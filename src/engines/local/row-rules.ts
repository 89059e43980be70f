import { createContext, Script } from 'node:vm'
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js'
import type { JsonObject } from '../../domain/json.ts'
import { failed } from './errors.ts'

/** Against a pattern that takes for ever: its rows take milliseconds. */
const turnMsMax = 5_000

/** Why a row is none that the schema describes, in words that hold no value of the row; null when it is one. */
export type RowRule = (row: string) => string | null

/** The rule of a contract's schema, for rows as texts of JSON. What `turn` does is broken off when it takes too long. */
export const rowRules = (schema: JsonObject): { fault: RowRule; turn(work: () => void): void } => {
  const { $id: _, $schema: __, ...anonymous } = schema
  // It was checked when it became a contract; to compile the schema of schemas takes longer than all the rest.
  const unchecked = { meta: false, validateSchema: false }
  const ajv = new Ajv2020({ ...unchecked, strict: false, ownProperties: true, logger: false, formats })
  const isValid = ajv.compile(anonymous)
  const context = createContext({ work: () => undefined })
  const script = new Script('work()')
  return {
    fault: (row) => {
      if (isValid(parsed(row))) return null
      const [error] = isValid.errors ?? []
      return error === undefined ? 'is not as the contract says' : `${error.instancePath || '/'} ${worded(error)}`
    },
    turn: (work) => {
      context.work = work
      try {
        script.runInContext(context, { timeout: turnMsMax })
      } catch (error) {
        if (!isTimeout(error)) throw error
        throw failed(`The rows could not be checked in ${turnMsMax} ms: is there a pattern that takes too long?`)
      }
    },
  }
}

/** It is no Error of this realm. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'

const worded = ({ keyword, message = 'is wrong', params }: ErrorObject): string => {
  if (keyword === 'additionalProperties') return `must not have the column '${params.additionalProperty}'`
  if (keyword === 'enum') return `${message}: ${shortened(JSON.stringify(params.allowedValues))}`
  return keyword === 'const' ? `must be ${shortened(JSON.stringify(params.allowedValue))}` : message
}

const wordsCharsMax = 200
const shortened = (text: string): string => (text.length > wordsCharsMax ? `${text.slice(0, wordsCharsMax)}…` : text)

/** NaN and the infinities are numbers of DuckDB's, but none of JSON's: they count as texts. */
const parsed = (row: string): unknown => {
  try {
    return JSON.parse(row)
  } catch {
    return JSON.parse(row.replace(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g, (found) => quoted(found)))
  }
}

const quoted = (token: string): string => (token.startsWith('"') ? token : `"${token}"`)

const date = String.raw`\d{4,6}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])`
const time = String.raw`(?:[01]\d|2[0-4]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?`
const zone = String.raw`(?:[Zz]|[+-]\d\d(?::?\d\d)?)`

/** As DuckDB writes them, and RFC 3339: a timestamp needs no time zone. All other formats say nothing of a row. */
const formats = {
  date: new RegExp(`^${date}$`),
  time: new RegExp(`^${time}${zone}?$`),
  'date-time': new RegExp(`^${date}[Tt ]${time}${zone}?$`),
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
}
