import { readFile, stat } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Finding, findingRules } from '../app/ports/validation.ts'
import { sarifOf } from '../app/sarif.ts'
import { composeValidation } from '../compose/validation.ts'

interface Found {
  file: string
  findings: Finding[]
}

interface Outcome {
  exitCode: 0 | 1 | 2
  output: string
  /** Why something was not checked. */
  trouble: string
}

class NotChecked extends Error {}

const fileBytesMax = 1_000_000
const timeoutMs = 30_000

/** `ledgerline validate`. Its exit code: 0 valid, 1 not, 2 not checked. */
export const runValidate = async (args: string[]): Promise<void> => {
  const { exitCode, output, trouble } = await validateFiles(args)
  process.stdout.write(output)
  process.stderr.write(trouble)
  process.exitCode = exitCode
}

const validateFiles = async (args: string[]): Promise<Outcome> => {
  try {
    const { files, format, service } = optionsOf(args)
    const found: Found[] = []
    const validate = service === null ? offline() : (text: string) => ask(service, text)
    for (const file of files) found.push({ file, findings: await validate(await textOf(file)) })
    const isWrong = found.some(({ findings }) => findings.some(({ severity }) => severity === 'error'))
    return { exitCode: isWrong ? 1 : 0, output: formats[format](found), trouble: '' }
  } catch (error) {
    if (error instanceof NotChecked) return { exitCode: 2, output: '', trouble: `${error.message}\n` }
    throw error
  }
}

const formats: Record<'text' | 'json' | 'sarif', (found: readonly Found[]) => string> = {
  text: (found) => found.map(linesOf).join(''),
  json: (found) => `${JSON.stringify(found.map(jsonOf), null, 2)}\n`,
  sarif: (found) => `${JSON.stringify(sarifOf(found), null, 2)}\n`,
}

const linesOf = ({ file, findings }: Found): string =>
  findings
    .map(
      ({ path, severity, rule, message }) => `${file}:${path} ${severity} ${rule} ${message.replaceAll('\n', ' ')}\n`,
    )
    .join('')

const jsonOf = ({ file, findings }: Found) => ({
  file,
  valid: findings.every(({ severity }) => severity !== 'error'),
  findings,
})

const offline = () => {
  const { validateManifest } = composeValidation()
  return (text: string) => validateManifest(text, null)
}

const optionsOf = (args: string[]) => {
  const { values, positionals: files } = parsed(args)
  const { json, sarif, url, token } = values
  if (files.length === 0) throw new NotChecked('which manifest? ledgerline validate FILE...')
  if (json && sarif) throw new NotChecked('--json or --sarif, not both')
  if (url !== undefined && !/^https?:\/\//.test(url)) throw new NotChecked('--url is like http://127.0.0.1:8000')
  if (token !== undefined && url === undefined) throw new NotChecked('--token is for a service: name one with --url')
  const service = url === undefined ? null : { url, token }
  return { files, format: json ? ('json' as const) : sarif ? ('sarif' as const) : ('text' as const), service }
}

const parsed = (args: string[]) => {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  try {
    return parseArgs({ args, allowPositionals: true, options: { json: flag, sarif: flag, url: text, token: text } })
  } catch (error) {
    throw new NotChecked(String(error instanceof Error ? error.message : error).split('\n')[0])
  }
}

const textOf = async (file: string): Promise<string> => {
  try {
    const { size } = await stat(file)
    if (size > fileBytesMax) throw new NotChecked(`${file}: is larger than ${fileBytesMax} bytes`)
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof NotChecked) throw error
    throw new NotChecked(`${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The service knows the contracts of the tenant too. */
const ask = async (
  { url, token }: { url: string; token: string | undefined },
  manifest: string,
): Promise<Finding[]> => {
  const response = await fetch(new URL('/pipelines/validate', url), {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ manifest }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw new NotChecked(`no service answers at ${url} (${causeOf(error)})`)
  })
  const text = await response.text()
  const body = bodyOf(text)
  if (response.ok && Array.isArray(body.findings)) return body.findings.map(findingOf)
  throw new NotChecked(`not checked (${response.status}): ${String(body.detail ?? text.slice(0, 500))}`)
}

const bodyOf = (text: string): Record<string, unknown> => {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null ? { ...body } : {}
  } catch {
    return {}
  }
}

const findingOf = (value: Record<string, unknown>): Finding => ({
  path: String(value.path),
  // A newer service may know more rules; what they are about is in the message.
  rule: findingRules.find((rule) => rule === value.rule) ?? 'structure',
  severity: value.severity === 'warning' ? 'warning' : 'error',
  message: String(value.message),
})

const causeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
