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
        ("欧阳示例", "欧阳女士来电，欧女士", "［已隐去］来电，欧女士"),
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
        ("欧阳建国", "小欧阳，老欧，建国", "［已隐去］，老欧，［已隐去］"),
        ("张先生", "张先生与李先生", "［已隐去］与李先生"),
        ("区建国", "小区门口，老区先生", "小区门口，老［已隐去］"),
        ("时建国", "等了两小时，小时来过", "等了两小时，小时来过"),
        ("于建国", "噪声小于60分贝，小于来过", "噪声小于60分贝，［已隐去］来过"),
        ("示例物流公司", "小示，物流公司", "小示，物流公司"),
    ],
)
def test_what_neighbours_call_him_is_struck_out_and_common_words_stay(name: str, text: str, shown: str):
    assert without_caller(text, known_by((name,))) == shown


HOME = "山东省烟台市莱山区迎春大街88号3号楼2单元301"
ELSEWHERE = {"street": "黄海路街道", "address": "烟台市莱山区黄海路街道黄海小区南门"}


@pytest.mark.parametrize(
    ("home", "text", "shown"),
    [
        (HOME, f"家住{HOME}，夜间施工", "家住［已隐去］，夜间施工"),
        (HOME, "家住迎春大街88号3号楼2单元301，夜间施工", "家住［已隐去］，夜间施工"),
        (HOME, "家住莱山区迎春大街 ８８ 号，3号楼-2单元-301。", "家住莱山区［已隐去］。"),
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
