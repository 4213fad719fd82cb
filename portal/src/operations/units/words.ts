/** Words of one line as people type them: separated by 、，, or blanks; each once. */
export function wordsOf(line: string): string[] {
  return [...new Set(line.split(/[、，,;；\s]+/).filter((word) => word !== ''))]
}

export const MISSING: Readonly<Record<string, string>> = {
  active: '已停用',
  first_responsible: '缺第一责任人',
  deputy: '缺分管领导',
  office: '缺责任科室',
  caseworkers: '缺在岗经办人',
}

/** Roles that belong to a unit; all others belong to none. */
export const UNIT_ROLES: readonly string[] = ['caseworker', 'unit_deputy', 'unit_head']
