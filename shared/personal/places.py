"""The regions that addresses and names of enterprises begin with (X2).

Regular expressions for plain text (`letters.plain`).
"""

from __future__ import annotations

from typing import Final

from shared.personal.letters import HAN

KNOWN_PLACES: Final = (
    "(?:中国|北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南"
    "|陕西|甘肃|青海|内蒙古|广西|西藏|宁夏|新疆|济南|青岛|淄博|枣庄|东营|烟台|潍坊|济宁|泰安|威海|日照|临沂|德州|聊城|滨州|菏泽"
    "|芝罘|福山|牟平|莱山|蓬莱|龙口|莱阳|莱州|招远|栖霞|海阳|长岛|黄渤海|高新)[省市区县]?"
)
"""Provinces, the cities of this one, and the districts of ours, as people write them without 省, 市 and 区, too."""

PROVINCE: Final = f"{HAN}{{2,8}}?(?:省|自治区)"
CITY: Final = f"{HAN}{{2,4}}?(?:市|自治州|地区|盟)"
# 小区, 社区, 园区 and the like are no districts.
DISTRICT: Final = f"{HAN}{{1,5}}?(?:县|旗|市|(?<![小社园街景校厂片院库矿林舍活属业宅])区)"
ZONE: Final = f"{HAN}{{2,8}}?(?:开发区|高新区|保税区)"
