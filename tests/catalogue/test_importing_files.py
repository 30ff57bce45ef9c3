"""Files as people send them: what is read of them, and what is said of the rest."""

import io
import json
import tracemalloc

import pytest

from apps.catalogue.importing import UnreadableFile
from apps.catalogue.importing.cells import (
    escape,
    join_many,
    split_many,
    split_pairs,
    tidy,
    unescape,
)
from apps.catalogue.importing.columns import match_columns
from apps.catalogue.importing.files import open_table
from apps.catalogue.importing.landmark_rows import COLUMNS
from tests.catalogue.lists import workbook

pytestmark = pytest.mark.usefixtures("in_english")


def table_of(content: bytes):
    return open_table(io.BytesIO(content))


def read(content: bytes):
    table = table_of(content)
    return table.headings, list(table.records)


def cells_of(content: bytes) -> list[list[str]]:
    return [record.cells for record in read(content)[1]]


@pytest.mark.parametrize(
    "content",
    [
        "이름,주소\n경복궁,사직로\n".encode(),
        "이름,주소\n경복궁,사직로\n".encode("utf-8-sig"),
        "이름,주소\n경복궁,사직로\n".encode("cp949"),
        "이름\t주소\n경복궁\t사직로\n".encode("utf-16"),
        "이름;주소\r\n경복궁;사직로\r\n".encode(),
        '이름,주소,\n\n"경복궁",사직로,\n'.encode(),
        json.dumps([{"이름": "경복궁", "주소": "사직로"}]).encode(),
        b"\n " + json.dumps({"이름": "경복궁", "주소": "사직로"}).encode() + b"\n",
        workbook([["이름", "주소"], ["경복궁", "사직로"]]),
    ],
    ids=["utf-8", "bom", "cp949", "utf-16", "semicolon", "ragged", "json", "json lines", "xlsx"],
)
def test_a_list_is_read_in_every_form(content):
    headings, records = read(content)

    assert headings == ["이름", "주소"]
    assert [(record.cells, record.refused, record.warning) for record in records] == [
        (["경복궁", "사직로"], "", "")
    ]


def test_a_file_that_mixes_encodings_is_read_line_by_line_and_says_so():
    content = "이름\n경복궁\n".encode() + "덕수궁\n".encode("cp949") + "창덕궁\n".encode()
    broken = b"\xff\xff\xfe\xfe\n"

    _, records = read(content + broken)

    assert [record.cells for record in records] == [["경복궁"], ["덕수궁"], ["창덕궁"], []]
    assert "CP949" in records[1].warning and not records[2].warning
    assert records[3].line == 5 and "neither UTF-8 nor CP949" in records[3].refused


def test_lines_are_counted_where_a_row_begins():
    _, records = read(b'a,b\n1,"x\ny"\n2,z\n')

    assert [(record.line, record.cells) for record in records] == [
        (2, ["1", "x\ny"]),
        (4, ["2", "z"]),
    ]


def test_a_quotation_mark_that_is_never_closed_does_not_take_the_file_along():
    rows = b"".join(b"%d,text of a row\n" % number for number in range(20_000))

    _, records = read(b'a,b\n1,x\n2,"open\n' + rows)

    refused = [record for record in records if record.refused]
    assert records[0].cells == ["1", "x"]
    assert refused and all("quotation mark" in record.refused for record in refused)
    assert records[-1].refused or records[-1].cells == ["19999", "text of a row"]


def test_more_values_than_columns_are_refused_and_fewer_are_empty():
    _, records = read(b"a,b\n1,2,3\n1\n1,2,,\n")

    assert records[0].refused == "more values than columns"
    assert [record.cells for record in records[1:]] == [["1", ""], ["1", "2"]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"  \n \n", "empty"),
        (b"\xd0\xcf\x11\xe0 old", "old or locked Excel"),
        (b"PK\x03\x04 nothing", "cannot be read"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "neither CSV, XLSX nor JSON"),
        (b"[1, 2]", "no objects"),
        (b"[]", "no objects"),
        (b",,\n", "name the columns"),
        (b'"a,b\n', "quotation mark"),
        (b",".join(b"c%d" % number for number in range(201)), "more than 200 columns"),
        (workbook([]), "empty"),
    ],
)
def test_what_is_no_list_is_refused_with_its_reason(content, says):
    with pytest.raises(UnreadableFile) as reason:
        table_of(content)

    assert says in str(reason.value)


def test_json_tells_each_object_that_it_cannot_read():
    _, lines = read(b'{"a": 1}\n{"a": \n[3]\n{"a": null, "b": 2}\n')
    _, array = read(b'[{"a": 1.5, "c": [1, "x|y"]}, {"a": {"k": "v"}}, {"a" 3}, {"a": 4}]')

    assert [record.cells for record in lines] == [["1", ""], [], [], ["", "2"]]
    assert [record.refused for record in lines[1:3]] == ["not JSON", "not an object {…}"]
    assert [record.cells for record in array] == [["1.5", "1|x\\|y"], ["k=v", ""], []]
    assert "what follows was not read" in array[2].refused


def test_an_object_cut_by_the_chunks_of_reading_is_whole():
    rows = [{"name": f"장소 {number}" * 50} for number in range(2000)]

    found = cells_of(json.dumps(rows, ensure_ascii=False).encode())

    assert found == [[row["name"]] for row in rows]


def test_cells_of_a_workbook_are_text_and_formulas_are_told():
    content = workbook(
        [["a", "b", "c"], [1.0, True, "=1+1"], [2.5, None, "'=1+1"], ["x", "#REF!", ""]]
    )

    _, records = read(content)

    assert records[0].cells[:2] == ["1", "true"]
    assert "formula" in records[0].faults[2]
    assert records[1].cells == ["2.5", "", "=1+1"]
    assert "#REF!" in records[2].faults[1]


def test_a_workbook_that_hides_a_huge_table_of_texts_is_refused(monkeypatch):
    from apps.catalogue.importing import xlsx_files

    monkeypatch.setattr(xlsx_files, "UNPACKED_BYTES", 1000)

    with pytest.raises(UnreadableFile) as reason:
        table_of(workbook([["a"], ["b"]]))

    assert "too large unpacked" in str(reason.value)


@pytest.mark.slow
@pytest.mark.parametrize("form", ["csv", "json", "one line", "one object"])
def test_reading_a_large_file_takes_little_memory(tmp_path, form):
    path = tmp_path / "large"
    with path.open("wb") as file:
        if form == "csv":
            file.write(b"a,b\n")
            file.writelines(b"%d,%s\n" % (number, b"x" * 200) for number in range(100_000))
        elif form == "json":
            file.write(
                b"[" + b",".join(b'{"a": "%s"}' % (b"x" * 200) for _ in range(100_000)) + b"]"
            )
        else:
            start = b"a,b\n1,2\n" if form == "one line" else b'[{"a": "'
            file.write(start + b"x" * 20_000_000)

    with path.open("rb") as file:
        tracemalloc.start()
        count = 0
        try:
            for _record in open_table(file).records:
                count += 1
        except UnreadableFile:
            pass
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 12 * 2**20
    assert count == {"csv": 100_000, "json": 100_000, "one line": 2, "one object": 0}[form]


@pytest.mark.parametrize(
    "text", ["=1+1", "+82 2", "-5", "@x", "\tx", "\rx", "'=x", "''+x", "'x", "it's", "", "경복궁"]
)
def test_a_formula_is_escaped_and_comes_back(text):
    assert not escape(text).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unescape(escape(text)) == text


@pytest.mark.parametrize("parts", [["a", "b"], ["x|y", "c\\d"], ["one"], []])
def test_several_values_in_a_cell_come_back(parts):
    assert split_many(join_many(parts)) == parts


def test_pairs_in_a_cell():
    assert split_pairs("aihub=2501| kto = 12 ") == {"aihub": "2501", "kto": "12"}
    with pytest.raises(ValueError, match="nonsense"):
        split_pairs("aihub=1|nonsense")


def test_tidy_removes_what_cannot_be_seen():
    assert tidy("\u00a0\u1100\u1167\u11bc\u200b\r\n") == "경"


def test_columns_are_known_by_korean_and_english_headings():
    headings = [
        "관광지명",
        "Name (EN)",
        "위도",
        "LON",
        "시도명",
        "비고",
        "주소",
        "도로명주소",
        "구분",
    ]

    assert match_columns(headings, COLUMNS) == [
        *("name_ko", "name_en", "latitude", "longitude", "region1", "", "address", "", "category")
    ]
