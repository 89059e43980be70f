import { readFileSync } from 'node:fs'
import { variableNames } from '../../src/config.ts'
import { parseDockerfile, type Stage } from './dockerfile.ts'

/** Commands that docker-compose.yml already gives and cli.ts has not yet. Take a command out when it has come. */
export const comingCommands: readonly string[] = []

/** Variables that docker-compose.yml already gives and config.ts has not yet. Take a variable out when it has come. */
export const comingVariables: readonly string[] = []

const between = (file: string, begin: string, end: string): string => {
  const text = readFileSync(file, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`${file} has no '${begin}' any more`)
  return text.slice(from, to)
}

const keysOf = (text: string, key: RegExp): string[] => [...text.matchAll(key)].map(([, name = '']) => name)

/** The commands of cli.ts. */
export const commands = keysOf(between('src/cli.ts', 'const commands:', '\n}\n'), /^ {2}'?([a-z-]+)'?[,:]/gm)

export const variables: readonly string[] = variableNames

export const stages = parseDockerfile(readFileSync('Dockerfile', 'utf8'))

/** The stage that becomes the image. */
export const imageStage: Stage = stages.at(-1) ?? { image: '', alias: null, instructions: [] }

/** Not a version: no tag, or one that means another image tomorrow. */
export const isUnpinned = (image: string): boolean => !/^[^:]+:\d+\.\d+\.\d+(-[a-z0-9.-]+)?$/.test(image)
