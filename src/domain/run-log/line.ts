import type { LogFields, LogLevel, LogLine } from './events.ts'

const messageCharsMax = 1_000
const fieldsMax = 16
const fieldNameCharsMax = 64
const fieldCharsMax = 200

interface Said {
  /** ISO time. */
  at: string
  level: LogLevel
  stage: string | null
  code: string | null
  message: string
  fields: LogFields
}

/** A line within its bounds, whatever was said. */
export const lineOf = ({ at, level, stage, code, message, fields }: Said): LogLine => {
  const kept = Object.entries(fields)
    .slice(0, fieldsMax)
    .map(([name, value]) => [cut(name, fieldNameCharsMax), fieldOf(value)])
  const line = { at, level, stage, code, message: cut(message.replaceAll(/\s*[\r\n]+\s*/g, ' '), messageCharsMax) }
  return kept.length === 0 ? line : { ...line, fields: Object.fromEntries(kept) }
}

/** JSON has no number that is none. */
const fieldOf = (value: LogFields[string]): LogFields[string] => {
  if (typeof value === 'string') return cut(value, fieldCharsMax)
  return typeof value === 'number' && !Number.isFinite(value) ? null : value
}

/** Never within a character. */
const cut = (text: string, charsMax: number): string => {
  if (text.length <= charsMax) return text
  const kept = text.slice(0, charsMax - 1)
  return `${/[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept}…`
}
