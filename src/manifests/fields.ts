import { z } from 'zod'
import { pathProblem, templateProblem } from '../domain/pipeline/relative-path.ts'

const nameCharsMax = 63
const textCharsMax = 2_000
const sqlCharsMax = 100_000
export const membersMax = 200

/** A text that `problem` finds nothing wrong with; what it does find follows the words "the path". */
const checkedPath = (problem: (text: string) => string | null) =>
  z.string().superRefine((text, context) => {
    const found = problem(text)
    if (found !== null) context.addIssue({ code: 'custom', message: `the path '${text}' ${found}` })
  })

export const filePath = checkedPath((path) =>
  /[{}]/.test(path) ? "holds a placeholder: only a sink's path may" : pathProblem(path),
)
export const sinkPath = checkedPath(templateProblem)

/** Becomes an SQL identifier, a file name and a stage's name. */
export const name = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_-]{0,62}$/,
    `must start with a letter and hold only letters, digits, _ and - (at most ${nameCharsMax})`,
  )

/** Is written as `$name` in SQL, where a hyphen would be a minus. */
export const parameterName = z
  .string()
  .regex(
    /^[A-Za-z][A-Za-z0-9_]{0,62}$/,
    `must start with a letter and hold only letters, digits and _ (at most ${nameCharsMax})`,
  )

export const text = z.string().max(textCharsMax)
export const optionalText = text.nullable().default(null)
export const optionalNumber = z.number().nullable().default(null)
export const sql = z.string().trim().min(1, 'is empty').max(sqlCharsMax)
export const jsonObject = z.record(z.string(), z.json())

export const members = <Value extends z.ZodType>(value: Value) =>
  z
    .record(name, value)
    .refine((found) => Object.keys(found).length <= membersMax, `at most ${membersMax} are allowed`)
    .default({})

export const oneOf = (...types: string[]) => ({
  error: (issue: { code?: string }) =>
    issue.code === 'invalid_union' ? `must be one of ${types.join(', ')}` : undefined,
})
