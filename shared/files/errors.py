"""What is refused of a form with files: each with a stable code, and what to do about it in Chinese.

A file is called by its place and its name, unless it is the name that is wrong: that one is not repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from shared.errors import BusinessError, Unavailable
from shared.files.limits import FILE_BYTES, MEBIBYTE, MOST_FILES, NAME_BYTES, NAME_LENGTH, UPLOAD_SECONDS


class FileRefused(BusinessError):
    """A file that cannot be taken as it is; `position` counts the request's files from 1."""

    code = "file_refused"
    status = 422

    def __init__(self, words: str, *, position: int, name: str = "") -> None:
        super().__init__(f"第 {position} 个文件{f'“{name}”' if name else ''}无法接收：{words}")
        self.position = position
        if name:
            self.file = name


class NameUnfit(FileRefused):
    """A name that would surprise whoever saves the file."""

    code = "file_name_unfit"
    _WORDS: ClassVar[Mapping[str, str]] = {
        "missing": "没有文件名，请填写带扩展名的文件名",
        "too_long": f"文件名超过 {NAME_LENGTH} 个字符或 {NAME_BYTES} 字节（一个汉字 3 字节），请缩短后重新上传",
        "path": "文件名中含有路径（/ 或 \\），请只保留文件名",
        "invisible": "文件名中含有控制字符或不可见字符，请重命名后重新上传",
        "encoding": "文件名须为 UTF-8 编码，请重命名后重新上传",
        "dots": "文件名不能以点或空格开头、结尾，请重命名后重新上传",
        "device": "文件名是 Windows 的保留名称（如 CON、COM1），无法保存，请重命名后重新上传",
        "disguised": "文件名中夹有程序或网页的扩展名，请重命名后重新上传",
    }

    def __init__(self, why: str, *, position: int) -> None:
        super().__init__(self._WORDS[why], position=position)
        self.why = why


class KindRefused(FileRefused):
    """The extension names a kind that is not on the list."""

    code = "file_kind_refused"
    status = 415

    def __init__(self, advice: str, *, position: int, name: str, kinds: tuple[str, ...]) -> None:
        super().__init__(advice, position=position, name=name)
        self.kinds = kinds


class FileTooLarge(FileRefused):
    """One file is larger than any may be."""

    code = "file_too_large"
    status = 413

    def __init__(self, *, position: int, name: str) -> None:
        super().__init__(
            f"超过单个文件上限 {FILE_BYTES // MEBIBYTE} MB，请压缩或拆分后重新上传", position=position, name=name
        )
        self.limit_bytes = FILE_BYTES


class ContentUnfit(FileRefused):
    """The bytes are not what the extension says, or hold what is not taken."""

    code = "file_content_unfit"

    def __init__(self, why: str, words: str, *, position: int, name: str) -> None:
        super().__init__(words, position=position, name=name)
        self.why = why


class FileInfected(FileRefused):
    """The virus scanner found something."""

    code = "file_infected"

    def __init__(self, *, position: int, name: str) -> None:
        super().__init__("病毒扫描未通过，请在本机查杀后换用干净的文件", position=position, name=name)


class TooManyFiles(BusinessError):
    """More files than the operation takes."""

    code = "too_many_files"
    status = 422

    def __init__(self, most: int = MOST_FILES) -> None:
        super().__init__(f"一次最多上传 {most} 个文件，请减少后重新提交")
        self.most = most


class FormUnreadable(BusinessError):
    """The body is no multipart/form-data that can be read to its end; `why` is stable."""

    code = "form_unreadable"
    status = 400
    _WORDS: ClassVar[Mapping[str, str]] = {
        "boundary": "Content-Type 中缺少可用的 boundary，请由客户端自动生成表单",
        "malformed": "表单格式有误，请检查后重新提交",
        "truncated": "表单没有传完，请重新提交",
        "header": "表单某一部分的头过长或过多，请检查后重新提交",
        "part": "表单某一部分没有名称，请检查后重新提交",
        "nested": "表单数据嵌套过深，请精简后重新提交",
    }

    def __init__(self, why: str) -> None:
        super().__init__(self._WORDS[why])
        self.why = why


class DataTooLarge(BusinessError):
    """The JSON beside the files is too long."""

    code = "form_data_too_large"
    status = 413

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"表单数据超过上限 {limit_bytes // 1024} KB，请精简后重新提交")
        self.limit_bytes = limit_bytes


class UploadTooSlow(BusinessError):
    """The form was not there in time."""

    code = "upload_too_slow"
    status = 408

    def __init__(self) -> None:
        super().__init__(f"{UPLOAD_SECONDS / 60:g} 分钟内没有传完，请检查网络或减少文件后重新提交")


class TooManyUploads(Unavailable):
    """All places for uploads are taken."""

    code = "too_many_uploads"

    def __init__(self) -> None:
        super().__init__("正在接收的文件较多，请稍后重试")


class ChecksBusy(Unavailable):
    """The file was not checked in time because others were."""

    code = "file_checks_busy"

    def __init__(self) -> None:
        super().__init__("正在检查的文件较多，请稍后重试")


class ScannerAway(Unavailable):
    """No file is taken unscanned."""

    code = "scanner_away"

    def __init__(self) -> None:
        super().__init__("病毒扫描暂时不可用，文件未保存，请稍后重试", retry_after=30)


class StoreAway(Unavailable):
    """The file store does not answer."""

    code = "file_store_away"

    def __init__(self) -> None:
        super().__init__("文件存储暂时不可用，请稍后重试", retry_after=10)


class FileLost(BusinessError):
    """The record is there, its file is not, or is another: never the caller's fault."""

    code = "file_lost"
    status = 503

    def __init__(self) -> None:
        super().__init__("该文件暂时无法读取，已记录，请凭请求编号联系管理员")
