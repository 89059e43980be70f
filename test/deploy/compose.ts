import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { parse } from 'yaml'
import { z } from 'zod'

const service = z.looseObject({
  image: z.string(),
  /** Of our own image alone. */
  build: z.string().optional(),
  profiles: z.array(z.string()).default([]),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  healthcheck: z.object({ disable: z.boolean().optional(), test: z.array(z.string()).optional() }).optional(),
  restart: z.string().optional(),
  stop_grace_period: z.string().optional(),
})
const compose = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()),
})

export type Service = z.output<typeof service>
export type Compose = z.output<typeof compose>

/** The YAML with its merge keys resolved, as Compose does. */
export const parseYaml = (text: string): unknown => parse(text, { merge: true })
export const composeOf = (document: unknown): Compose => compose.parse(document)

const schema = z
  .looseObject({ $schema: z.string() })
  .parse(JSON.parse(readFileSync(new URL('schemas/compose-spec.json', import.meta.url), 'utf8')))
// Its name there, with https, is one that Ajv does not know draft 7 by.
const { $schema: _, ...known } = schema
const validate = new Ajv({ strict: false, allErrors: true }).compile(known)

/** What the Compose Specification's schema says against it. */
export const schemaErrors = (document: unknown): string[] => {
  validate(document)
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

/** Names of a service and all that it waits for, directly or not. */
export const startedWith = ({ services }: Compose, name: string): string[] => {
  const found = new Set([name])
  for (const each of found) for (const next of Object.keys(services[each]?.depends_on ?? {})) found.add(next)
  return [...found].sort()
}

export const isOurs = ({ build }: Service): boolean => build !== undefined
