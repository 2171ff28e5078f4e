from tests.functions.suite import Suite
async def test_a(suite: Suite) -> None:
    ada = await suite.sign_in()
    c = await ada.enter("grace@example.org")
    await ada.invite()
    r = await ada.call("GET", f"/contacts/{c}")
    print(r.json()); 
    print(suite.world.mailer.outbox[0].text)
    print(list((await suite.dump())))
