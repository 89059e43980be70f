const loneSurrogate = /\p{Surrogate}/u

/** How deep the objects and arrays of a JSON text lie in each other. Takes any text, and needs no stack. */
export const nestingOf = (text: string): number => {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (inString) {
      if (character === '\\') at += 1
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') {
      depth += 1
      if (depth > deepest) deepest = depth
    } else if (character === '}' || character === ']') depth -= 1
  }
  return deepest
}

/** Whether all texts of a JSON value, names too, are whole characters: half of one (`\ud800`) has no UTF-8. */
export const isWellFormed = (value: unknown): boolean => {
  if (typeof value === 'string') return !loneSurrogate.test(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, inner]) => !loneSurrogate.test(name) && isWellFormed(inner))
}
