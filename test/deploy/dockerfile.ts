import { z } from 'zod'

export interface Instruction {
  /** In capitals. */
  name: string
  /** `--from=build` as `from`. */
  flags: Record<string, string>
  /** Words, or the strings of the exec form. */
  args: string[]
  isExec: boolean
}

/** From one FROM to the next. */
export interface Stage {
  image: string
  alias: string | null
  instructions: Instruction[]
}

const names = 'FROM RUN CMD EXPOSE ENV COPY ENTRYPOINT VOLUME USER WORKDIR ARG STOPSIGNAL HEALTHCHECK LABEL'.split(' ')
const strings = z.array(z.string())

/** Its stages, first to last; what it does not know is an Error. Heredocs and quoted words are not known. */
export const parseDockerfile = (text: string): Stage[] => {
  const stages: Stage[] = []
  for (const line of logicalLines(text)) {
    const instruction = parseInstruction(line)
    const [image = '', as, alias] = instruction.args
    if (instruction.name === 'FROM') {
      stages.push({ image, alias: as?.toUpperCase() === 'AS' && alias ? alias : null, instructions: [] })
      continue
    }
    const stage = stages.at(-1)
    if (!stage) throw new Error(`'${line}' comes before FROM`)
    stage.instructions.push(instruction)
  }
  return stages
}

/** Without comments and empty lines; a line that ends in a backslash goes on in the next. */
const logicalLines = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')

const parseInstruction = (line: string): Instruction => {
  const [word = '', ...rest] = line.trim().split(/\s+/)
  const name = word.toUpperCase()
  if (!names.includes(name)) throw new Error(`'${line}' is no instruction`)
  const flagCount = rest.findIndex((each) => !each.startsWith('--'))
  const flags = rest.slice(0, flagCount).map((flag) => flag.slice(2).split('='))
  // HEALTHCHECK has its command as another instruction.
  const words = rest.slice(flagCount + (name === 'HEALTHCHECK' && rest[flagCount] === 'CMD' ? 1 : 0))
  const isExec = words[0]?.startsWith('[') === true
  return {
    name,
    flags: Object.fromEntries(flags),
    args: isExec ? strings.parse(JSON.parse(line.slice(line.indexOf('[')))) : words,
    isExec,
  }
}

export const instructionsOf = ({ instructions }: Stage, name: string): Instruction[] =>
  instructions.filter((instruction) => instruction.name === name)

/** The words of the last instruction of that name, which is the one that counts. */
export const argsOf = (stage: Stage, name: string): string[] => instructionsOf(stage, name).at(-1)?.args ?? []

/** What ENV sets. */
export const environmentOf = (stage: Stage): Record<string, string> =>
  Object.fromEntries(
    instructionsOf(stage, 'ENV').flatMap(({ args }) =>
      args.map((pair): [string, string] => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    ),
  )
