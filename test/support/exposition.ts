const help = /^# HELP ([a-z_:][a-z0-9_:]*) (.+)$/i
const type = /^# TYPE ([a-z_:][a-z0-9_:]*) (counter|gauge|histogram|summary)$/i
const sample =
  /^([a-z_:][a-z0-9_:]*)(\{(?:[a-z_][a-z0-9_]*="(?:[^"\\\n]|\\["\\n])*"(?:,(?!\})|(?=\})))*\})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)$/i

/**
 * Reads Prometheus' text format (version 0.0.4): the samples by `name{label="value"}`. Throws an Error for a line that has
 * no form, for a sample before its HELP and TYPE, and for one that is there twice.
 */
export const samplesOf = (text: string): Map<string, number> => {
  const [helped, typed] = [new Set<string>(), new Map<string, string>()]
  const samples = new Map<string, number>()
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, helpOf] = help.exec(line) ?? []
    const [, typeOf, kind = ''] = type.exec(line) ?? []
    const [, name, labels = '', value] = sample.exec(line) ?? []
    if (helpOf) helped.add(helpOf)
    else if (typeOf) typed.set(typeOf, kind)
    else if (name) {
      const family = typed.has(name) ? name : name.replace(/_(bucket|sum|count)$/, '')
      if (!helped.has(family) || !typed.has(family)) throw new Error(`${name} stands before its HELP and TYPE`)
      if (family === name && name.endsWith('_total') !== (typed.get(name) === 'counter') && /^ledgerline/.test(name)) {
        throw new Error(`${name} is a ${typed.get(name)}`)
      }
      if (samples.has(name + labels)) throw new Error(`${name}${labels} is there twice`)
      samples.set(name + labels, value === '+Inf' ? Infinity : Number(value))
    } else throw new Error(`no line of the format: ${line}`)
  }
  return samples
}
