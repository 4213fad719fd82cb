/** The day of each role on one screen: what is done where, by which keys. */

export interface Step {
  what: string
  how: string
  place: string
}

export interface Day {
  role: string
  title: string
  about: string
  steps: readonly Step[]
}

export const DAYS: readonly Day[] = [
  {
    role: 'dispatcher',
    title: '派单员',
    about: '上级平台推送的工单当日交办；单位申请的回退当日审定。',
    steps: [
      { what: '看最紧急的一件', how: '派单台已按紧急类别和时限排好，选中的就是下一件；J、K 上下移动。', place: 'desk' },
      { what: '交办', how: '按 1 采用第一个推荐，职责条目成为依据；Ctrl Enter 交办并看下一件。推荐不合适时按 U 输入名称或拼音。', place: 'desk' },
      { what: '审定回退', how: '“回退待审”一列：四项材料都在右边，同意或驳回，驳回写明理由。', place: 'desk' },
      { what: '看不清来源的请求', how: '运维的隔离区：看原文和原因，更正后放行。', place: 'operations' },
    ],
  },
  {
    role: 'caseworker',
    title: '经办人',
    about: '认领交办的工单，当日联系来电人，办好后答复；不属本单位的在时限内申请回退。',
    steps: [
      { what: '认领', how: '办理台“待认领”，按 Y。', place: 'handling' },
      { what: '联系来电人', how: '按“查看身份”写明用途后看到电话；打完按 C 登记，两次未接通（相隔十分钟以上）也计为联系。', place: 'handling' },
      { what: '登记进度', how: '当天办不完的按 N 说明进度，并约定再次联系的时间。', place: 'handling' },
      { what: '答复', how: '按 A：五项要素齐全，可从联系记录带入；提交后由本单位主要领导审阅。', place: 'handling' },
      { what: '回退或延期', how: '按 B 申请回退（四项材料），按 X 申请延期（先取得来电人意见）。', place: 'handling' },
    ],
  },
  {
    role: 'unit_head',
    title: '单位主要领导',
    about: '每一件答复由主要领导审阅后报中心。',
    steps: [
      { what: '审阅', how: '审阅台：答复与联系记录并排，预审意见标在语句上；同意，或写明意见退回。手机上也能用。', place: 'review' },
      { what: '看本单位时限', how: '今日到期、超期、失约各有一列，依据逐日列出。', place: 'deadlines' },
    ],
  },
  {
    role: 'unit_deputy',
    title: '单位分管领导',
    about: '掌握本单位在办的工单和时限。',
    steps: [
      { what: '看本单位时限', how: '今日到期、超期、失约各有一列。', place: 'deadlines' },
      { what: '看走势', how: '统计：本单位每周的件数与双率。', place: 'figures' },
    ],
  },
  {
    role: 'reviewer',
    title: '审核员',
    about: '单位报来的答复逐件审核；通过后自动反馈上级平台。',
    steps: [
      { what: '审核', how: '审阅台：等得最久的在前；预审问题标在语句上，必须处理的不改不能通过，确需通过写明理由。', place: 'review' },
      { what: '退回', how: '写明要改什么，单位立即看到。', place: 'review' },
    ],
  },
  {
    role: 'revisitor',
    title: '回访员',
    about: '跟踪上级平台的回访结果和重办。',
    steps: [{ what: '看回访', how: '回访页：待回访的、回访未成功的、要求重办的。', place: 'revisits' }],
  },
  {
    role: 'centre_head',
    title: '中心负责人',
    about: '审批延期和突破上限的事项，掌握全区时限。',
    steps: [
      { what: '审批延期', how: '时限页的“延期”一列：来电人意见和新的截止时间在一起。', place: 'deadlines' },
      { what: '看大屏', how: '实时的超期和预警。', place: 'wall' },
    ],
  },
  {
    role: 'analyst',
    title: '分析员',
    about: '每周、每日的件数和双率。',
    steps: [{ what: '看统计', how: '按周按日，各单位可比；点单位看走势；表和图在一起。', place: 'figures' }],
  },
  {
    role: 'admin',
    title: '系统管理员',
    about: '单位、账号、日历、规则，以及平台是否正常。',
    steps: [
      { what: '公布放假安排', how: '运维的日历：粘贴通知，先看会移动哪些时限，再确认。', place: 'operations' },
      { what: '账号', how: '运维的单位与账号：新增、停用、重设密码。', place: 'operations' },
      { what: '平台健康', how: '各服务和消息总线的状态、积压和暂存事件。', place: 'operations' },
    ],
  },
]

/** The days of these roles; of everybody when none has one. */
export function daysOf(roles: readonly string[]): readonly Day[] {
  const own = DAYS.filter((day) => roles.includes(day.role))
  return own.length > 0 ? own : DAYS
}
