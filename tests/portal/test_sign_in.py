import pytest

from apps.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("kim", password="a long password")


def test_signing_in_leads_to_where_one_wanted_to_go(client, staff):
    fields = {"username": "kim", "password": "a long password", "next": "/admin/"}

    response = client.post("/accounts/login/", fields)

    assert (response.status_code, response["Location"]) == (302, "/admin/")
    assert "sessionid" in response.cookies


def test_signing_in_never_leads_to_another_site(client, staff):
    fields = {
        "username": "kim",
        "password": "a long password",
        "next": "https://elsewhere.example/",
    }

    assert client.post("/accounts/login/", fields)["Location"] == "/admin/"


def test_a_wrong_password_is_said_in_the_readers_language(client, staff):
    fields = {"username": "kim", "password": "wrong"}

    korean = client.post("/accounts/login/", fields, headers={"Accept-Language": "ko"})
    english = client.post("/accounts/login/", fields, headers={"Accept-Language": "en"})

    assert "사용자 이름과 비밀번호가 맞지 않습니다." in korean.content.decode()
    assert "User name and password do not match." in english.content.decode()
    assert 'value="kim"' in korean.content.decode()
