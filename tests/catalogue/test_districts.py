import pytest

from apps.catalogue.districts import district_at, lies_in, named

SEOUL = "서울특별시"


@pytest.mark.parametrize(
    ("latitude", "longitude", "district"),
    [
        (37.5796, 126.9770, "종로구"),
        (35.8347, 129.2190, "경주시"),
        (36.4800, 127.2890, "세종시"),
        (37.6063, 127.0093, "성북구"),
    ],
)
def test_district_at_names_where_a_point_lies(latitude, longitude, district):
    assert district_at(latitude, longitude).name == district


def test_district_at_finds_nothing_at_sea():
    assert district_at(36.0, 124.0) is None


def test_a_point_just_beside_the_border_counts_as_inside():
    jung = named(SEOUL, "중구")

    assert lies_in(37.5600, 126.9753, jung)
    # The gate Gwanghwamun: 1 km north of the border.
    assert lies_in(37.5760, 126.9769, jung)
    assert not lies_in(37.6600, 127.0100, jung)


def test_a_city_means_all_its_districts():
    suwon = named("경기도", "수원시")

    assert len(suwon) == 4
    assert lies_in(37.2871, 127.0119, suwon)
    assert len(named(SEOUL, "")) == 25
    assert named(SEOUL, "없는구") == []
