import { resolve } from 'node:path'
import { z } from 'zod'
import { parseTenantId } from '../domain/ids.ts'
import { isNetwork } from '../net/networks.ts'
import { parseSchedule } from '../webhooks/schedule.ts'

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`)

export const dollars = z
  .string()
  .regex(/^\d+(\.\d+)?$/, 'must be an amount in US dollars')
  .transform(Number)

export const path = z
  .string()
  .min(1)
  .transform((text) => resolve(text))

export const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
)

/** Duplicates are of no matter. */
export const tenantNames = list.transform((names, context) => {
  const tenants = names.flatMap((name) => parseTenantId(name) ?? [])
  if (tenants.length === names.length) return tenants
  context.addIssue({ code: 'custom', message: 'must be a comma list of names of tenants' })
  return z.NEVER
})

export const networks = list.superRefine((texts, context) => {
  const wrong = texts.find((text) => !isNetwork(text))
  if (wrong === undefined) return
  context.addIssue({ code: 'custom', message: `${wrong} is neither an address nor a network like 10.0.0.0/8` })
})

/** Waits before each attempt, in ms. */
export const schedule = z.string().transform((text, context) => {
  try {
    return parseSchedule(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'invalid' })
    return z.NEVER
  }
})

/** Of `127.` only whole addresses count: `127.example.com` is anywhere. */
export const isLoopback = (host: string): boolean => /^(localhost|::1|127(\.\d+){3})$/.test(host)

export const isOrigin = (text: string): boolean =>
  /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text
