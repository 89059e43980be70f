import type { JsonObject, JsonValue } from '../../domain/json.ts'
import { Refused } from './hash.ts'

// Reading JSON whose every field is known. Each function takes where it reads, to say so when it refuses.

/** The object, which has these fields, perhaps those, and no other. */
export const objectAt = (
  value: JsonValue | undefined,
  where: string,
  fields: readonly string[],
  optional: readonly string[] = [],
): JsonObject => {
  const object = anyObjectAt(value, where)
  const missing = fields.find((field) => !Object.hasOwn(object, field))
  if (missing) throw new Refused(`${where} lacks the field ${missing}`)
  const unknown = Object.keys(object).find((field) => !fields.includes(field) && !optional.includes(field))
  if (unknown !== undefined) throw new Refused(`${where} has the unknown field ${JSON.stringify(unknown)}`)
  return object
}

export const anyObjectAt = (value: JsonValue | undefined, where: string): JsonObject => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refused(`${where} is not an object`)
  return value
}

export const listAt = (value: JsonValue | undefined, where: string): JsonValue[] => {
  if (!Array.isArray(value)) throw new Refused(`${where} is not a list`)
  return value
}

export const textAt = (value: JsonValue | undefined, where: string, form = /./s): string => {
  if (typeof value !== 'string') throw new Refused(`${where} is not a text`)
  if (!form.test(value)) throw new Refused(`${where} does not have its form: ${JSON.stringify(value.slice(0, 100))}`)
  return value
}

export const countAt = (value: JsonValue | undefined, where: string): number => {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw new Refused(`${where} is not a whole number from 0 to 2^53 - 1`)
  }
  return value
}

/** Texts in strictly ascending order, so that none is there twice. */
export const sortedTextsAt = (value: JsonValue | undefined, where: string): string[] => {
  const texts = listAt(value, where).map((text, index) => textAt(text, `${where}[${index}]`))
  texts.forEach((text, index) => {
    const last = texts[index - 1]
    if (last !== undefined && last >= text) throw new Refused(`${where} is not in order, or has one twice`)
  })
  return texts
}
