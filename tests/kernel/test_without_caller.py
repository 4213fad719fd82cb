"""The caller of a confidential order, struck out of what others read (X2)."""

import pytest

from shared.personal.confidential import known_by, without_caller, without_caller_in

pytestmark = pytest.mark.clause("X2")

KNOWN = known_by(
    {
        "caller_name": "张示例",
        "caller_phone": "13800138000",
        "contact_phone": "66812",
        "id_number": "37060219900101123X",
        "email": "zhang@example.com",
        "category": "城市管理",
    }
)


def test_only_what_names_the_caller_is_known():
    assert known_by({"caller_name": " 张示例 ", "caller_phone": "1", "title": "垃圾"}, None, ("李四",)) == (
        "1",
        "张示例",
        "李四",
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("张示例反映垃圾无人清运", "［已隐去］反映垃圾无人清运"),
        ("张 示·例反映", "［已隐去］反映"),
        ("来电人张先生称", "来电人［已隐去］称"),
        ("张某某、张女士", "［已隐去］、［已隐去］"),
        ("请回电13800138000。", "请回电［已隐去］。"),
        ("另一号码138-1234-5678", "另一号码［已隐去］"),
        ("電話１３８ ００１３ ８０００", "電話［已隐去］"),
        ("号码一三八零零一三八零零零", "号码［已隐去］"),
        ("座机0535—6891234转", "座机［已隐去］转"),
        ("内线66812，可打", "内线［已隐去］，可打"),
        ("手机尾号8000的住户", "手机尾号［已隐去］的住户"),
        ("证件37060219900101123X", "证件［已隐去］"),
        ("证件370602 19900101 123x", "证件［已隐去］"),
        ("老证370602900101123号", "老证［已隐去］号"),
        ("邮箱zhang@example.com或li.si@example.org", "邮箱［已隐去］或［已隐去］"),
        ("共3户，2026-11-23到场", "共3户，2026-11-23到场"),
        ("2026-11-23 09:30到场，23楼", "2026-11-23 09:30到场，23楼"),
        ("2026-11-23T09:30:00.123456+08:00", "2026-11-23T09:30:00.123456+08:00"),
        ("张家村的垃圾", "张家村的垃圾"),
    ],
)
def test_names_and_numbers_are_struck_out_and_the_rest_stays(text: str, shown: str):
    assert without_caller(text, KNOWN) == shown


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("欧阳示例", "欧阳女士来电，欧女士", "［已隐去］来电，［已隐去］"),
        ("Anna Smith", "anna  smith called, annasmithson", "［已隐去］ called, annasmithson"),
        ("张", "张家村，张先生", "张家村，［已隐去］"),
        ("示例（烟台）物业有限公司", "示例(烟台)物业有限公司欠费", "［已隐去］欠费"),
        ("**", "无", "无"),
    ],
)
def test_names_of_several_forms(name: str, text: str, shown: str):
    assert without_caller(text, known_by((name,))) == shown


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        ("张建国", "小张多次来电，老张、阿张是同一人", "［已隐去］多次来电，［已隐去］、［已隐去］是同一人"),
        ("张建国", "一位姓张的市民", "一位［已隐去］的市民"),
        ("张建国", "建国说，建·国说，建。国道", "［已隐去］说，［已隐去］说，建。国道"),
        ("张强", "老张说增强监管，小 张同意", "［已隐去］说增强监管，［已隐去］同意"),
        ("欧阳建国", "小欧阳，老欧，建国", "［已隐去］，［已隐去］，［已隐去］"),
        ("张先生", "张先生与李先生", "［已隐去］与李先生"),
        ("区建国", "小区门口，老区先生", "小区门口，老［已隐去］"),
        ("时建国", "等了两小时，小时来过", "等了两小时，小时来过"),
        ("于建国", "噪声小于60分贝，小于来过", "噪声小于60分贝，［已隐去］来过"),
        ("示例物流公司", "小示，物流公司", "小示，物流公司"),
    ],
)
def test_what_neighbours_call_him_is_struck_out_and_common_words_stay(name: str, text: str, shown: str):
    assert without_caller(text, known_by((name,))) == shown


@pytest.mark.parametrize(
    ("name", "text", "shown"),
    [
        # Forms of address after the family name.
        ("张伟", "张哥、张姐、张弟、张嫂、张叔", "［已隐去］、［已隐去］、［已隐去］、［已隐去］、［已隐去］"),
        ("张伟", "张工到场，张医生、张主任，张书记", "［已隐去］到场，［已隐去］、［已隐去］，［已隐去］"),
        ("张伟", "张校长、张奶奶，张爷爷", "［已隐去］、［已隐去］，［已隐去］"),
        ("梁海生", "梁哥来电", "［已隐去］来电"),
        ("张伟", "一张工单，两张工资条，李工、王医生", "一张工单，两张工资条，李工、王医生"),
        ("周伟", "本周工作，上周总共三次，周会计划，周工来过", "本周工作，上周总共三次，周会计划，［已隐去］来过"),
        ("施伟", "夜间施工，施师傅", "夜间施工，［已隐去］"),
        ("张伟", "一张姓居民", "一［已隐去］居民"),
        # A given name of one character.
        ("张伟", "小伟、阿伟、伟哥，伟伟", "［已隐去］、［已隐去］、［已隐去］，［已隐去］"),
        ("张伟", "雄伟的大楼，小明，阿强，强哥", "雄伟的大楼，小明，阿强，强哥"),
        ("张强", "小伟，加强监管", "小伟，加强监管"),
        ("陈晓", "晓晓说的，不晓得", "［已隐去］说的，不晓得"),
        ("王明", "明明没有，小明看见", "明明没有，［已隐去］看见"),
        ("王雨", "昨日小雨，小雨天", "昨日小雨，小雨天"),
        ("李小", "小小的问题，小姐，小妹", "小小的问题，小姐，小妹"),
        ("张伟先生", "张伟说，小张", "［已隐去］说，［已隐去］"),
        ("张伟（业主）", "张伟说，小伟", "［已隐去］说，［已隐去］"),
        ("先生", "小区的垃圾", "小区的垃圾"),
        # Compound family names.
        ("欧阳建国", "小欧，老欧，欧阳哥，欧女士", "［已隐去］，［已隐去］，［已隐去］，［已隐去］"),
        ("东方建国", "小东西，老东家，东方哥", "小东西，老东家，［已隐去］"),
        ("上官燕", "从小上学，上工时间", "从小上学，上工时间"),
        # The other script.
        ("张伟", "張偉來電，張先生", "［已隐去］來電，［已隐去］"),
        ("張偉", "张伟来电", "［已隐去］来电"),
        ("刘国华", "劉國華，國華", "［已隐去］，［已隐去］"),
        # Names of several parts.
        ("阿依古丽·买买提", "阿依古丽说，买买提家", "［已隐去］说，［已隐去］家"),
        ("阿依古丽·买买提", "阿依古丽买买提", "［已隐去］"),
        ("John Smith", "Smith来电，Mr. Smith、JOHN", "［已隐去］来电，［已隐去］、［已隐去］"),
        ("John Smith", "blacksmith, Smithson, Johnny", "blacksmith, Smithson, Johnny"),
        ("J. Smith", "J楼的Smith", "J楼的［已隐去］"),
        ("ABC Trading Co., Ltd.", "Co and Ltd", "Co and Ltd"),
        ("Zhang Wei", "zhangwei，Zhang", "［已隐去］，［已隐去］"),
        # Enterprises.
        ("烟台海风机械有限公司", "海风机械拖欠工资，海风公司", "［已隐去］拖欠工资，［已隐去］"),
        ("烟台市莱山区海风机械股份有限公司", "烟台海风机械厂", "烟台［已隐去］"),
        ("烟台海风机械有限公司", "海风很大，机械噪声，某公司", "海风很大，机械噪声，某公司"),
        ("烟台海风集团有限公司莱山分公司", "海风集团", "［已隐去］"),
        ("芝罘区老王烧烤店", "老王烧烤油烟", "［已隐去］油烟"),
        ("烟台物业有限公司", "物业不管，物业公司", "物业不管，物业公司"),
        ("烟台市自来水有限公司", "自来水浑浊", "自来水浑浊"),
        ("示例（烟台）物业有限公司", "示例物业收费", "［已隐去］收费"),
        # The e-mail address, and the names that go with it.
        ("zhangwei88@example.com", "微信zhangwei88，QQzhangwei88", "微信［已隐去］，QQ［已隐去］"),
        ("zhangwei88@example.com", "zhangwei889、azhangwei88", "zhangwei889、azhangwei88"),
        ("12345678@qq.com", "QQ12345678", "QQ［已隐去］"),
        ("office@example.com", "打开office", "打开office"),
    ],
)
def test_the_short_forms_of_a_name_are_struck_out_and_common_words_stay(name: str, text: str, shown: str):
    assert without_caller(text, known_by((name,))) == shown


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        # Enterprises: the place, the legal form and what it does left out.
        ("山东绿叶制药有限公司", "绿叶公司，绿叶集团，绿叶药厂，绿叶制药，绿叶，绿叶制药有限公司"),
        ("烟台万华化学集团股份有限公司", "万华，万华集团，万华化学，万华公司，万华化学集团"),
        ("烟台经济技术开发区蓝鲸网络科技有限公司", "蓝鲸网络科技，蓝鲸科技，蓝鲸网络，蓝鲸公司，蓝鲸"),
        ("蓝鲸网络科技有限公司烟台分公司", "蓝鲸科技，蓝鲸公司，蓝鲸"),
        ("河北省石家庄市蓝鲸食品有限公司", "蓝鲸食品，蓝鲸公司，蓝鲸"),
        ("石家庄市裕华区蓝鲸物业服务有限公司第一分公司", "蓝鲸物业，蓝鲸"),
        ("深圳市蓝鲸计算机系统有限公司", "蓝鲸，蓝鲸系统"),
        ("莱山区老周大药房", "老周大药房，老周药房"),
        ("烟台家家悦超市有限公司", "家家悦超市，家家悦"),
        # Halves of the parts of a minority name.
        ("阿依古丽·买买提", "古丽，阿依，阿依古丽，买买提"),
        ("阿依古丽", "古丽，阿依"),
        # Familiar forms.
        ("李军", "大军，军子，李局，李队，小军"),
        ("王强", "大强，强子，王局，王队"),
        ("欧阳建国", "欧阳，欧阳局"),
        ("司马建国", "司马"),
    ],
)
def test_the_shortest_forms_of_a_name_are_struck_out(name: str, texts: str):
    for text in texts.split("，"):
        assert without_caller(f"找{text}，未果", known_by((name,))) == "找［已隐去］，未果", text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("山东绿叶制药有限公司", "绿叶路的路灯，绿叶小区停水，制药厂异味，某药厂"),
        ("烟台黄海机械有限公司", "黄海路街道黄海小区，黄海海边"),
        ("烟台阳光物业服务有限公司", "阳光很好，物业不管"),
        ("烟台市莱山区城市管理有限公司", "城市管理，城市道路"),
        ("烟台市水务有限公司", "区水务局，水务公司"),
        ("热心市民", "市民热线，热心"),
        ("李军", "强大军队，解放军子女"),
        ("张强", "加大强制力度，较大强度"),
        ("张海", "大海，孩子"),
        ("刘林", "大林小区，林子里"),
        ("安军", "公安局，安局部整改"),
        ("张军", "一张局部图，两张队列图"),
        ("车军", "车队扰民"),
        ("东方建国", "东方小区，东方的路"),
        ("司马建国", "公司马上处理"),
        ("上官燕", "登上官网，上官方网站"),
        ("钟离春", "十分钟离开"),
    ],
)
def test_everyday_words_like_the_shortest_forms_stay(name: str, text: str):
    assert without_caller(text, known_by((name,))) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话138****1234。", "电话［已隐去］。"),
        ("电话138XXXX1234，138 **** 1234", "电话［已隐去］，［已隐去］"),
        ("电话１３８＊＊＊＊１２３４", "电话［已隐去］"),
        ("座机0535-***1234", "座机［已隐去］"),
        ("证件370602********123X", "证件［已隐去］"),
        ("规格2*300，5***好评", "规格2*300，5***好评"),
    ],
)
def test_a_masked_number_is_struck_out(text: str, shown: str):
    assert without_caller(text, ()) == shown


HOME = "山东省烟台市莱山区迎春大街88号3号楼2单元301"
ELSEWHERE = {"street": "黄海路街道", "address": "烟台市莱山区黄海路街道黄海小区南门"}


@pytest.mark.parametrize(
    ("home", "text", "shown"),
    [
        (HOME, f"家住{HOME}，夜间施工", "家住［已隐去］，夜间施工"),
        (HOME, "家住迎春大街88号3号楼2单元301，夜间施工", "家住［已隐去］，夜间施工"),
        (HOME, "家住莱山区迎春大街 ８８ 号，3号楼-2单元-301。", "家住［已隐去］。"),
        (HOME, "迎春大街88号3号楼2单元302的噪声", "迎春大街88号3号楼2单元302的噪声"),
        (HOME, "迎春大街的路灯", "迎春大街的路灯"),
        ("莱山区迎春小区3号楼", "迎春小区3号楼漏水，小区物业不管", "［已隐去］漏水，小区物业不管"),
        ("烟台市黄海城市花园", "黄海城市花园和花园路", "［已隐去］和花园路"),
        ("烟台市黄海城市花园", "住烟台市黄海城市花园", "住［已隐去］"),
        # No more than a region: half of the city lives there.
        ("山东省烟台市莱山区", "山东省烟台市莱山区政府", "山东省烟台市莱山区政府"),
        ("山东", "山东的政策", "山东的政策"),
        # The place of the incident, or what it lies in: the unit has to go there.
        ("莱山区黄海路街道黄海小区", "黄海路街道黄海小区南门", "黄海路街道黄海小区南门"),
        ("黄海路街道", "黄海路街道的路灯", "黄海路街道的路灯"),
    ],
)
def test_where_the_caller_lives_is_struck_out_unless_it_is_where_it_happened(home: str, text: str, shown: str):
    known = known_by({"caller_region": home, **ELSEWHERE})

    assert without_caller(text, known) == shown


ROOM = "莱山区黄海路街道黄海小区7号楼2单元401室"


@pytest.mark.parametrize(
    ("home", "text", "shown"),
    [
        # Leading parts left out, one after another.
        (ROOM, f"家住{ROOM}。", "家住［已隐去］。"),
        (ROOM, "家住烟台市莱山区黄海小区7号楼2单元401室。", "家住烟台市莱山区［已隐去］。"),
        (ROOM, "家住黄海路街道黄海小区7号楼2单元401室。", "家住［已隐去］。"),
        (ROOM, "家住黄海小区7号楼2单元401室。", "家住［已隐去］。"),
        ("福山区张格庄镇杜家崖村老村委西12号", "住杜家崖村老村委西12号", "住［已隐去］"),
        ("福山区张格庄镇杜家崖村老村委西12号", "住老村委西12号", "住［已隐去］"),
        # Building, unit and room in other notations.
        (ROOM, "黄海小区7-2-401漏水", "［已隐去］漏水"),
        (ROOM, "黄海小区 7#2-401 漏水", "［已隐去］ 漏水"),
        (ROOM, "黄海小区七号楼二单元401室", "［已隐去］"),
        (ROOM, "黄海小区七号楼二单元四零一", "［已隐去］"),
        (ROOM, "黄海小区７号楼２单元４０１室", "［已隐去］"),
        (ROOM, "黄海小区7栋2单元401", "［已隐去］"),
        (ROOM, "黄海小区7号楼401", "［已隐去］"),
        (ROOM, "黄海小区7号楼2单元4楼401", "［已隐去］"),
        (ROOM, "黃海小區7號樓2單元401", "［已隐去］"),
        (ROOM, "黄海小区2单元401", "［已隐去］"),
        (ROOM, "他家是7-2-401，楼上漏水", "他家是［已隐去］，楼上漏水"),
        (ROOM, "七号楼二单元401室漏水", "［已隐去］漏水"),
        # The same in the field.
        ("黄海小区7-2-401", "黄海小区七号楼二单元401室", "［已隐去］"),
        ("黄海小区7#2-401", "黄海小区7号楼401", "［已隐去］"),
        ("黄海小区7楼2单元4楼401", "黄海小区7-2-401，七楼二单元四楼401", "［已隐去］，［已隐去］"),
        ("黄海小区٣号楼", "黄海小区的路灯", "黄海小区的路灯"),
        ("黄海小区十二号楼二单元四百零一", "黄海小区12-2-401，12号楼2单元401", "［已隐去］，［已隐去］"),
        ("黄海小区A座1201", "黄海小区a座1201室", "［已隐去］"),
        ("迎春大街88号", "迎春大街八十八号，迎春大街188号", "［已隐去］，迎春大街188号"),
        ("迎春大街88号3号楼2单元301", "迎春大街3号楼301，迎春大街88号3-2-301", "［已隐去］，［已隐去］"),
        (f"{ROOM}（租户）", "黄海小区7-2-401", "［已隐去］"),
        ("7号楼401室", "住7号楼401室", "住［已隐去］"),
        ("烟台市黄海城市花园3号楼2单元401", "黄海城市花园3-2-401", "［已隐去］"),
        ("莱山区幸福新村3号楼2单元401", "幸福新村3号楼401，3号楼2单元402", "［已隐去］，3号楼2单元402"),
        # The building and the staircase are many people's, and often the place of the incident.
        (ROOM, "黄海小区7号楼2单元的楼道", "黄海小区7号楼2单元的楼道"),
        # Somebody else's home, and other numbers.
        (ROOM, "黄海小区7号楼2单元402、黄海小区8号楼2单元401", "黄海小区7号楼2单元402、黄海小区8号楼2单元401"),
        (ROOM, "黄海小区17号楼2单元4010", "黄海小区17号楼2单元4010"),
        (ROOM, "十七号楼二单元401，17-2-401", "十七号楼二单元401，17-2-401"),
        (ROOM, "7号楼的401户，2单元401，黄海小区7号楼", "7号楼的401户，2单元401，黄海小区7号楼"),
        (ROOM, "黄海小区南门，72401", "黄海小区南门，72401"),
    ],
)
def test_the_callers_home_is_struck_out_in_every_notation(home: str, text: str, shown: str):
    assert without_caller(text, known_by({"caller_region": home, **ELSEWHERE})) == shown


ESTATE = "莱山区桐林路118号海韵花园12号楼1502室"
YARD = "莱山区枫林路1号枫叶苑7-2-401"


@pytest.mark.parametrize(
    ("home", "texts"),
    [
        # The road and its number before the estate left out.
        (ESTATE, "海韵花园12号楼1502室，海韵花园12号楼1502，海韵花园12#1502，海韵花园12-1502，海韵12号楼1502"),
        (f"山东省烟台市{ESTATE}", "海韵花园12号楼1502室，桐林路118号海韵花园12-1502"),
        ("烟台市莱山区黄海路街道桐林路118号海韵花园12号楼1502室", "海韵花园12号楼1502，海韵花园12#1502"),
        ("山东烟台莱山黄海路街道桐林路118号海韵花园12号楼1502室", "海韵花园12-1502"),
        ("桐林路海韵花园12号楼1502室", "海韵花园12-1502"),
        (YARD, "枫叶苑7号楼401，枫叶苑7-401，枫叶苑七号楼401室，枫叶苑7#401，枫叶苑7号401，枫叶苑7号楼2单元401室"),
        (YARD, "7号楼401，7-401，七号楼401室，7#401，7号401，枫叶苑小区7号楼401"),
        # What kind of an estate or village it is left out.
        ("枫叶苑小区7号楼2单元401室", "枫叶苑7-2-401，枫叶苑7号楼401，枫叶苑七号楼401室，枫叶苑7#401"),
        ("莱山区枫叶苑社区7号楼2单元401室", "枫叶苑7号楼401，枫叶苑社区7-401"),
        ("莱山区枫叶花园7号楼2单元401室", "枫叶7号楼401，枫叶花园7#401"),
        ("莱山区院格庄街道沟东村56号", "沟东56号，沟东村56号，沟东村五十六号"),
        # Regions without 省, 市 and 区, known here or not.
        ("山东烟台莱山枫叶苑7号楼2单元401", "枫叶苑7号楼2单元401，枫叶苑7-401，烟台莱山枫叶苑7#401"),
        ("河北石家庄裕华枫叶苑7号楼2单元401", "裕华枫叶苑7#401，枫叶苑7-2-401"),
        # Numerals that nobody can forge.
        (YARD, "枫叶苑柒号楼贰单元肆零壹，枫叶苑柒号楼肆佰零壹室"),
        ("枫叶苑柒号楼贰单元肆佰零壹室", "枫叶苑7-2-401，枫叶苑七号楼401"),
        ("枫叶苑拾贰号楼贰单元401", "枫叶苑12-2-401"),
    ],
)
def test_the_callers_home_is_struck_out_without_what_is_usually_left_out(home: str, texts: str):
    for text in texts.split("，"):
        shown = without_caller(f"家住{text}，漏水", known_by({"caller_region": home, **ELSEWHERE}))
        left = shown.removeprefix("家住").removesuffix("，漏水").removesuffix("［已隐去］")
        # The region may stay.
        assert (left, shown[-7:-3]) in {(before, "已隐去］") for before in ("", "烟台莱山")}, text


@pytest.mark.parametrize(
    ("home", "text"),
    [
        (ESTATE, "海韵花园12号楼1503，海韵花园2-1502，桐林路118号，桐林路的路灯，海韵花园南门"),
        (YARD, "枫叶苑7号楼402，枫叶苑8-401，17号楼401，7号楼4010，7-2，1-7-401，枫叶苑7号楼"),
        (YARD, "拾柒号楼401，枫林路的枫叶"),
        ("莱山区院格庄街道沟东村56号", "沟东57号，沟东村的路，56号"),
        ("龙口大街88号", "迎春大街88号"),
        ("山东烟台莱山", "山东烟台莱山的政策"),
        ("莱山花园3号楼", "迎春花园3号楼"),
    ],
)
def test_other_homes_and_the_road_stay(home: str, text: str):
    assert without_caller(text, known_by({"caller_region": home, **ELSEWHERE})) == text


def test_the_place_of_the_incident_without_the_road_is_the_callers_home_and_one_that_only_ends_alike_is_not():
    assert known_by({"caller_region": YARD, "address": "枫叶苑7号楼401"}) == ()
    assert known_by({"caller_region": ROOM, "address": "黄海花园7号楼401"}) == (f"住址：{ROOM}",)
    assert known_by({"caller_region": YARD, "address": "枫叶苑小区7号楼401"}) == ()
    long = "石家庄裕华枫叶苑7号楼2单元401"
    assert known_by({"caller_region": long, "address": "红叶苑7号楼401"}) == (f"住址：{long}",)


def test_a_home_that_is_the_place_of_the_incident_in_another_notation_stays():
    assert known_by({"caller_region": ROOM, "community": "黄海小区", "address": "7-2-401"}) == ()
    for other in ("黄海小区7号楼2单元402", "黄海小区7号楼2单元", "迎春小区7号楼2单元401室", "7号楼2单元401室"):
        assert known_by({"caller_region": ROOM, "address": other}) == (f"住址：{ROOM}",)


def test_an_address_that_a_later_version_names_as_the_place_stays():
    known = known_by({"caller_region": HOME, **ELSEWHERE})

    assert known_by(known, {"address": HOME}) == ()


def test_every_text_of_a_value_is_struck_and_its_fields_keep_their_names():
    value = {"note": "张示例", "phone": 13800138000, "tags": ["张先生", 3], "on": True, "none": None}

    assert without_caller_in(value, KNOWN) == {
        "note": "［已隐去］",
        "phone": "［已隐去］",
        "tags": ["［已隐去］", 3],
        "on": True,
        "none": None,
    }


def test_a_long_text_takes_no_time_to_speak_of():
    text = "垃圾1 2 3 4 5 6，张 示 " * 2000

    assert without_caller(text, KNOWN) == text
