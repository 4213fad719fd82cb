"""By which forms of a name somebody is known: what neighbours, platforms and the centre call a caller (X2).

Regular expressions for plain text (`letters.plain`).  Each form is found only for a caller of that name, and forms that
are everyday words are left alone: a text that is struck out everywhere is no use to the unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from shared.personal.letters import BLANKS, GAP, HAN, is_han, letters_of, plain, spaced, whole_word
from shared.personal.places import DISTRICT, KNOWN_PLACES, PROVINCE, ZONE

EMAIL: Final = re.compile(r"[a-z0-9._%+-]+@[a-z0-9-]+(?:\.[a-z0-9-]+)+")

_COMPOUND_SURNAMES: Final = frozenset(
    [
        "欧阳",
        "太史",
        "端木",
        "上官",
        "司马",
        "东方",
        "独孤",
        "南宫",
        "万俟",
        "闻人",
        "夏侯",
        "诸葛",
        "尉迟",
        "公羊",
        "赫连",
        "澹台",
        "皇甫",
        "宗政",
        "濮阳",
        "公冶",
        "太叔",
        "申屠",
        "公孙",
        "慕容",
        "仲孙",
        "钟离",
        "长孙",
        "宇文",
        "司徒",
        "鲜于",
        "司空",
        "闾丘",
        "子车",
        "亓官",
        "司寇",
        "巫马",
        "公西",
        "颛孙",
        "壤驷",
        "公良",
        "漆雕",
        "乐正",
        "宰父",
        "谷梁",
        "拓跋",
        "夹谷",
        "轩辕",
        "令狐",
        "段干",
        "百里",
        "呼延",
        "东郭",
        "南门",
        "羊舌",
        "微生",
        "梁丘",
        "左丘",
        "东门",
        "西门",
    ]
)
_COMMON_FIRSTS: Final = frozenset("公上东南西太长百子左微")
"""First characters of compound family names that stand in too many other words: 小东西, 老百姓, 从小上学."""

_COMMON_COMPOUNDS: Final = frozenset(
    [
        *(
            "东方",
            "南门",
            "西门",
            "东门",
            "百里",
            "微生",
            "子车",
            "长孙",
            "东郭",
            "公良",
            "公西",
            "公孙",
            "公羊",
            "乐正",
            "段干",
            "闻人",
        ),
        *("鲜于", "钟离", "司空", "左丘", "谷梁", "夹谷"),
    ]
)
"""Compound family names that are everyday words, or stand across two: 东门, 十分钟离开."""
# 公司马上; 上官网, 上官方网站, 濮阳市
_NO_COMPOUND_BEFORE: Final = "公"
_NO_COMPOUND_AFTER: Final = "[网市路县]|方[网微公平账渠电客]"

# Longest first, so that 张奶奶 does not leave a 奶 behind.
_TITLES: Final = (
    "总经理|董事长|工程师|老太太|老爷子|先生|女士|小姐|同志|同学|师傅|老师|教授|大爷|大妈|大娘|大叔|大姐|大哥|大嫂|大婶|大伯|大姨"
    "|大妹|老伯|老太|老汉|老头|阿姨|阿婆|阿公|叔叔|伯伯|爷爷|奶奶|婆婆|哥哥|姐姐|弟弟|妹妹|妈妈|爸爸|太太|夫人|姑娘|小伙|老板"
    "|经理|董事(?!会)|主任|书记|支书|医生|大夫|医师|护士|律师|会计(?!划)|警官|法官|司机|委员(?!会)|秘书|干事"
    "|[校园院局处科所队站部厂店组班会社村镇]长(?![期达时年短度久远])|某某|某|[×x*]{1,3}"
)
_KIN: Final = "[哥姐弟妹嫂婶伯爷叔姨]"
# 本周总共, 一张姓名牌
_SHORT_TITLES: Final = rf"{_KIN}|妈|总(?![共计结体数额价量])|董(?!事)|姓(?![名氏])|氏"
# 张工, but not 一张工单, nor 施工, 包工 and the like.
_ENGINEER: Final = "工(?![作地程人期单资业具厂商种序])"
_NO_ENGINEERS: Final = frozenset("施包木石化时费农劳水电")
# 李局, 李队; but 公安局, 一张局部图, 车队.
_OFFICES: Final = "局(?![部面势限])|队(?![伍列形员])"
_NO_OFFICES: Final = frozenset("安管路政马车乐连支时成")
_LONGEST_PERSONAL_NAME: Final = 4
_HALVES: Final = "古丽|阿依|买买|买提|阿不|吐尔|努尔|艾合|艾买|热依|帕提|木江"
# Without a point between its parts, 热心市民 is as long as 阿依古丽.
_UNDIVIDED: Final = re.compile(f"(?:{_HALVES}){HAN}{{2}}|{HAN}{{2}}(?:{_HALVES})")
_SHORTEST_GIVEN_NAME: Final = 2
"""A given name of one character is in too many other words: it is found in some combinations only."""
# 小张, 老张, 阿张, 姓张的; but 小区 is not somebody whose family name is 区, and 小于60 is not one whose name is 于.
_FAMILIAR: Final = "[小老阿姓]"
# Looked at where a name may begin only: a long list at each character takes most of the time.
_NO_NAMES: Final = (
    "小区|小时|小路|小车|小学|小高层|小康|小麦|小米|小商|小雪|小花|小牛|小苗|小石|小水|小白菜|小黄车|小马路|小龙虾|小金额"
    "|小程序|小雨|小满|小寒|小广告|小微|小东西|小桥|小楼|小山|小河|小树|小平房|小心|小费|小家|小小|小大|小店|小吃|小姐"
    "|小院|小孩|小组|小型|小额|小产权|小宝|小海|阿里|阿拉"
    "|老年|老师|老路|老区|老城|老车|小于[^\\w\\n]{0,2}[0-9零一二三四五六七八九十百千两]"
)
_COMMON_AFTER_BIG: Final = frozenset(
    "家门海雨雪风江河山林楼力量方全成同国学红东庆连洋气年部会众多小型人平春华新胜美明龙"
)
"""大海, 大家, 大众 are everyday words."""
_COMMON_BEFORE_ZI: Final = frozenset("房车孩院儿林园亭金燕君王才梅李桃叶竹日电分女男原妻果影样路牌盒瓶柱松石鹏")
"""房子, 孩子, 院子 are everyday words."""
_COMMON_DOUBLES: Final = frozenset("明天刚常好年家人月多早久高深远静真正快满平清层重白纷大小长紧连频渐新慢往处时日乐星")
"""明明, 天天, 刚刚 are adverbs more often than anybody's pet name."""
_COMMON_BEFORE_KIN: Final = frozenset("小大老阿表堂师学兄帅空徒姑")
"""师姐, 表哥, 小妹 are anybody's."""

_TITLE_LATIN: Final = r"(?:(?<![a-z])(?:mr|mrs|ms|miss|dr)\.?[ ]{0,2})?"
_COMPANY_LATIN: Final = frozenset(["co", "ltd", "inc", "llc", "company", "corp", "corporation", "limited", "gmbh"])
_FEWEST_LATIN: Final = 2

_COMPANY: Final = (
    "(?:(?:集团|控股)?(?:股份|责任)*有限(?:责任)?公司|集团公司|总公司|公司|集团|股份|总厂|厂|专卖店|门店|店|商行|超市|经营部"
    "|门市部|合作社|工作室|事务所|企业|中心|大?药[房厂]|工厂|诊所|宾馆|餐厅)"
)
_SEAT: Final = f"(?:{KNOWN_PLACES}|{ZONE}|{PROVINCE}|{HAN}{{2,4}}?(?<![超城夜菜])市|{DISTRICT.replace('|市', '')})"
_ENTERPRISE: Final = re.compile(f"{_SEAT}*({HAN}{{2,}}?)(?:{_COMPANY})+(?:{HAN}*(?:公司|店|部|厂))?")
# What an enterprise does names none: 物业, 自来水, 物业服务.
_TRADES: Final = (
    "(?:物业|服务|管理|供电|供热|供水|供气|供暖|自来水|水务|商务|后勤|热力|公交|燃气|建设|建筑|建材|工程|机械|贸易|商贸|科技|技术|网络|信息|软件|计算机|系统|智能|数据"
    "|电子|电器|电气|通信|通讯|食品|餐饮|饭店|酒店|超市|运输|物流|客运|快递|房地产|地产|开发|投资|置业|装饰|装修|广告|传媒|文化"
    "|教育|培训|医药|制药|药业|医疗|生物|化工|化学|石化|材料|设备|制造|重工|实业|发展|城市|五金|烧烤|便利|百货|汽车|维修|美容"
    "|美发|理发|健身|家政|劳务|保安|环保|环境|园林|绿化|养老|纺织|服装|家具|能源|电力|农业|水产|渔业|旅游|保险|金融|咨询|连锁)"
)
_COMMON_BRANDS: Final = frozenset(
    [
        *(
            "阳光",
            "海风",
            "黄海",
            "渤海",
            "东海",
            "幸福",
            "平安",
            "和谐",
            "新城",
            "东方",
            "人民",
            "国家",
            "安全",
            "健康",
            "绿色",
            "蓝天",
        ),
        *(
            "春天",
            "太阳",
            "民生",
            "生活",
            "世纪",
            "移动",
            "电信",
            "联通",
            "大众",
            "市民",
            "居民",
            "小区",
            "社区",
            "中心",
            "公共",
            "综合",
        ),
        *(
            "海洋",
            "大海",
            "海边",
            "家园",
            "花园",
            "未来",
            "希望",
            "快乐",
            "美好",
            "便民",
            "老人",
            "儿童",
            "第一",
            "国际",
            "方便",
            "市政",
        ),
    ]
)
"""Names of enterprises that are everyday words, or names of places, by themselves."""
_IN_ADDRESSES: Final = "路|[大小]?街|大道|小区|花园|社区|村|镇|大厦|广场|苑|家园|新城|公寓|城市花园"
_SHORTEST_ENTERPRISE: Final = 3
_ROLES: Final = frozenset(
    ["info", "admin", "service", "office", "support", "sales", "contact", "mail", "email", "test"]
)
"""Local parts of e-mail addresses that are nobody's."""
_SHORTEST_ACCOUNT: Final = 4


def sources_of_name(word: str) -> Iterable[str]:
    """Regular expressions for the name of a person or an enterprise, or an e-mail address, in full and in short forms."""
    letters = letters_of(word)
    if letters in _COMPANY_LATIN:
        return
    if len(letters) > 1:
        yield spaced(letters) if is_han(letters) else whole_word(letters)
    if EMAIL.fullmatch(plain(word)):
        yield from _account(plain(word).partition("@")[0])
    elif not is_han(letters):
        yield from _latin(plain(word))
    bare = re.sub(r"[(（][^()（）]*[)）]", "", plain(word))
    yield from _person(re.sub(f"(?:{_TITLES})$", "", letters_of(bare)))
    yield from _parts(bare)
    yield from _enterprise(bare)


def _person(name: str) -> Iterable[str]:
    """欧阳建国 as 欧阳女士, 欧阳, 老欧 and 建国; 张伟 as 张工, 张局 and 小张."""
    if not is_han(name) or len(name) > _LONGEST_PERSONAL_NAME:
        return
    if len(name) > 1:
        yield spaced(name)
    compound = name[:2] in _COMPOUND_SURNAMES
    surname, given = (name[:2], name[2:]) if compound else (name[:1], name[1:])
    for family in {surname, surname[:1]} if surname[:1] not in _COMMON_FIRSTS else {surname}:
        short = _SHORT_TITLES if family in _NO_ENGINEERS else f"{_SHORT_TITLES}|{_ENGINEER}"
        short = short if family in _NO_OFFICES else f"{short}|{_OFFICES}"
        yield rf"{spaced(family)}(?:{GAP}(?:{_TITLES})|{BLANKS}(?:{short}))"
        yield rf"(?={_FAMILIAR})(?!{_NO_NAMES}){_FAMILIAR}{BLANKS}{spaced(family)}"
    if compound and surname not in _COMMON_COMPOUNDS:
        yield rf"(?<!{_NO_COMPOUND_BEFORE}){spaced(surname)}(?!{_NO_COMPOUND_AFTER})"
    # 张姐 in the field of the name: 姐 is everybody.
    if not given or re.fullmatch(f"{_SHORT_TITLES}|{_ENGINEER}", given):
        return
    yield from [spaced(given, BLANKS)] if len(given) >= _SHORTEST_GIVEN_NAME else _given(given)


def _given(given: str) -> Iterable[str]:
    """A given name of one character: 军 as 小军, 大军, 军子, 军哥 and 军军."""
    yield rf"(?=[小阿])(?!{_NO_NAMES})[小阿]{BLANKS}{given}"
    # 强大军队, 加大强制
    if given not in _COMMON_AFTER_BIG:
        yield rf"大{given}(?<![强伟广巨扩最重高宽加放较很更特]..)"
    if given not in _COMMON_BEFORE_ZI:
        yield rf"{given}子(?![女弟孙])"
    if given not in _COMMON_BEFORE_KIN:
        yield rf"{given}{BLANKS}{_KIN}"
    if given not in _COMMON_DOUBLES:
        yield given * 2


def _parts(word: str) -> Iterable[str]:
    """Each part of 阿依古丽·买买提, and the halves of one of four characters: 古丽."""
    parts = re.split(r"[·•・‧.]", word)
    if len(parts) > 1 and all(is_han(part) and len(part) >= _SHORTEST_GIVEN_NAME for part in parts):
        yield from (spaced(part) for part in parts)
    elif not _UNDIVIDED.fullmatch(word):
        return
    for part in parts:
        if is_han(part) and len(part) == _LONGEST_PERSONAL_NAME:
            yield from (spaced(part[:2], BLANKS), spaced(part[2:], BLANKS))


def _latin(word: str) -> Iterable[str]:
    """Each part of John Smith, also behind Mr.; of an enterprise the name without Co. Ltd."""
    parts = re.split(r"[^a-z\u00c0-\u024f]+", word)
    if len(parts) == 1 or re.search(rf"[\d@]|{HAN}", word):
        return
    proper = [part for part in parts if part not in _COMPANY_LATIN]
    if len(proper) < len(parts) and "".join(proper) != "".join(parts):
        yield whole_word("".join(proper))
        return
    yield from (f"{_TITLE_LATIN}{whole_word(part)}" for part in parts if len(part) >= _FEWEST_LATIN)


def _enterprise(word: str) -> Iterable[str]:
    """烟台万华化学有限公司 as 万华化学, 万华集团 and 万华; 烟台海风机械有限公司 as 海风 before 公司, 厂 and the like only."""
    found = _ENTERPRISE.fullmatch(word)
    if found is None or len(word) <= _LONGEST_PERSONAL_NAME or re.fullmatch(f"{_TRADES}+", found[1]):
        return
    name, brand, trades = found[1], found[1], list[str]()
    while (trade := re.search(f"{_TRADES}$", brand)) and trade.start() >= _SHORTEST_GIVEN_NAME:
        brand, trades = brand[: trade.start()], [*trades, trade[0]]
    if brand not in _COMMON_BRANDS:
        yield rf"{spaced(brand)}(?!{_IN_ADDRESSES})(?:{'|'.join((*trades, _COMPANY))})*"
        return
    if len(name) >= _SHORTEST_ENTERPRISE:
        yield rf"{spaced(name)}(?:{_COMPANY})?"
    yield rf"{spaced(brand)}(?:{_COMPANY})"


def _account(local: str) -> Iterable[str]:
    """The local part of an e-mail address, which is often the account of another service, too."""
    name = letters_of(local)
    if len(name) >= _SHORTEST_ACCOUNT and name not in _ROLES:
        yield rf"(?:(?<![a-z0-9])|(?<=qq)|(?<=wx)|(?<=vx)){spaced(name)}(?![a-z0-9])"
