/** A form with files: the data as one part of JSON, each file as a part beside it. */
export function formOf(data: unknown, files: readonly File[]): FormData {
  const form = new FormData()
  form.append('data', new Blob([JSON.stringify(data)], { type: 'application/json' }))
  for (const file of files) form.append('files', file, file.name)
  return form
}

/** The fields of an object that say something: what is empty is left out, as the API takes it. */
export function given<Fields extends Record<string, unknown>>(fields: Fields): { [Name in keyof Fields]?: Exclude<Fields[Name], null | undefined | ''> } {
  const said = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined && (typeof value !== 'string' || value.trim() !== ''))
  return Object.fromEntries(said.map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value])) as ReturnType<typeof given<Fields>>
}
