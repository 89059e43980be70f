/** The engine's own folders in a tenant's directory: what runs have staged, and which names they hold. */
export const stagingFolder = '.staging'
export const reservedFolder = '.reserved'
const ownFolders: readonly string[] = [stagingFolder, reservedFolder]

const pathCharsMax = 500
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it refuses
const controlCharacter = /[\u0000-\u001f\u007f]/
/** DuckDB would read a path with one of these as a pattern that matches many files. */
const patternCharacter = /[*?[\]]/

/** Why a text is no path of one file in a tenant's directory, or null when it is one. */
export const pathProblem = (path: string): string | null => {
  if (path === '') return 'is empty'
  if (path.length > pathCharsMax) return `is longer than ${pathCharsMax} characters`
  if (controlCharacter.test(path)) return 'holds a control character'
  if (path.includes('\\')) return 'holds a backslash: folders are parted by /'
  if (path.startsWith('/') || /^[A-Za-z]:/.test(path)) return 'is absolute: it must be relative to the directory'
  if (patternCharacter.test(path)) return 'holds one of * ? [ ]: it must name one file'
  const segments = path.split('/')
  if (segments.some((segment) => segment === '..')) return "holds '..'"
  if (segments.some((segment) => segment === '' || segment === '.')) return "holds an empty segment or '.'"
  const own = ownFolders.find((folder) => segments[0]?.toLowerCase() === folder)
  if (own !== undefined) return `lies in ${own}, which is the engine's own`
  return null
}

/** The placeholders of a sink's path. */
const pathPlaceholders = ['partition', 'run_id'] as const
type PathPlaceholder = (typeof pathPlaceholders)[number]

/** Why a sink's template is none, or null; its placeholders are judged as the harmless names that will fill them. */
export const templateProblem = (template: string): string | null => {
  const filled = pathPlaceholders.reduce((text, name) => text.replaceAll(`{${name}}`, name), template)
  const unknown = /[{}][^{}]*\}?/.exec(filled)
  if (unknown !== null) return `holds '${unknown[0]}': only {partition} and {run_id} are known`
  return pathProblem(filled)
}

/** The path of one run. A placeholder without a value stays as it is; the engine refuses it. */
export const fillTemplate = (template: string, values: Record<PathPlaceholder, string | null>): string =>
  pathPlaceholders.reduce((text, name) => text.replaceAll(`{${name}}`, () => values[name] ?? `{${name}}`), template)

/** Where the rows go that a pipeline's checks turn away. */
export const rejectedFolder = (pipeline: string): string => `rejected/${pipeline}`

/** A check's name holds neither a dot nor a slash. */
export const rejectedFile = (pipeline: string, runId: string, check: string): string =>
  `${rejectedFolder(pipeline)}/${runId}/${check}.ndjson`
