"""Values that belong to nobody, drawn from a seeded source: what a run plants (canaries) and what it never plants (placebos)."""

import random

DIGITS = "0123456789"
HEX = "0123456789abcdef"
LOWER = "abcdefghijklmnopqrstuvwxyz"
CODE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
# All of GB 2312, so that GBK holds them; rare, so that no dictionary word comes up.
RARE = "彧翀昶珺玮珉琬琰琮瑗瑾璇璐璜璋琏琚珩珏珥珂玷玢瑕晔晗晟昕昱旖昙曦暾暌煜炜烨焱熠煊炀炫炻琛琨琪瑛瑭瑷璧瓒翊翎翮翥翦聿茕荃荇荞荟莜莼蔺薜蘅蘩谌谡谧谯"

#: type of a case -> (canary type, datum, hooked API)
KINDS = {
    "phone": ("phone", "phone-number", "android.telephony.TelephonyManager.getLine1Number"),
    "imei": ("imei", "imei", "android.telephony.TelephonyManager.getImei"),
    "android_id": ("android_id", "android-id", "android.provider.Settings$Secure.getString"),
    "oaid": ("oaid", "oaid", "com.bun.miitmdid.core.MdidSdkHelper.InitSdk"),
    "mac": ("mac", "mac", "android.net.wifi.WifiInfo.getMacAddress"),
    "id_card": ("id_card", "clipboard", "android.content.ClipboardManager.getPrimaryClip"),
    "bank_card": ("bank_card", "clipboard", "android.content.ClipboardManager.getPrimaryClip"),
    "location": ("location", "location", "android.location.LocationManager.getLastKnownLocation"),
    "sms_body": ("sms_body", "sms", "android.content.ContentResolver.query"),
    "email": ("email", "accounts", "android.accounts.AccountManager.getAccounts"),
    "serial": ("serial", "serial", "android.os.Build.getSerial"),
    "ssid": ("ssid", "wifi-name", "android.net.wifi.WifiInfo.getSSID"),
    "app_package": ("app_package", "installed-apps", "android.content.pm.PackageManager.getInstalledPackages"),
    "otp": ("otp", "sms", "android.content.ContentResolver.query"),
    "contact_name": ("contact_name", "contacts", "android.content.ContentResolver.query"),
    "contact_phone": ("contact_phone", "contacts", "android.content.ContentResolver.query"),
}


def luhn_digit(body):
    total = 0
    for at, char in enumerate(reversed(body)):
        n = int(char) * (2 if at % 2 == 0 else 1)
        total += n - 9 if n > 9 else n
    return str(-total % 10)


def id_check(body):
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return "10X98765432"[sum(int(c) * w for c, w in zip(body, weights)) % 11]


class Draw(random.Random):
    def text(self, alphabet, length):
        return "".join(self.choice(alphabet) for _ in range(length))

    def phone(self):
        return self.choice(("140", "149", "194")) + self.text(DIGITS, 8)

    def contact_phone(self):
        return self.phone()

    def contact_name(self):
        return "".join(self.sample(RARE, 4))

    def imei(self):
        body = "00" + self.text(DIGITS, 12)
        return body + luhn_digit(body)

    def android_id(self):
        return self.text(HEX, 16)

    def oaid(self):
        return "-".join(self.text(HEX, n) for n in (8, 4, 4, 4, 12))

    def mac(self):
        first = self.choice(HEX) + self.choice("26ae")
        return ":".join([first] + [self.text(HEX, 2) for _ in range(5)])

    def id_card(self):
        # Region 990129 does not exist.
        body = f"990129{self.randrange(1950, 2006)}{self.randrange(1, 13):02}{self.randrange(1, 29):02}{self.text(DIGITS, 3)}"
        return body + id_check(body)

    def id_card_x(self):
        while True:
            card = self.id_card()
            if card.endswith("X"):
                return card

    def bank_card(self):
        body = "7" + self.text(DIGITS, 17)
        return body + luhn_digit(body)

    def location(self):
        # Western Taklamakan: sand, and inside China so that GCJ-02 applies.
        lat = f"{self.randrange(383, 393) / 10:.1f}{self.text(DIGITS, 5)}{self.randrange(1, 10)}"
        lon = f"{self.randrange(810, 830) / 10:.1f}{self.text(DIGITS, 5)}{self.randrange(1, 10)}"
        return f"{lat},{lon}"

    def sms_body(self):
        first, second = self.text(CODE, 8), self.text(CODE, 8)
        form = self.choice(
            (
                "【云屿银行】您的账户{}于今日入账，流水号{}，如非本人操作请联系柜台。",
                "【速枳驿站】您的包裹{}已到站，请凭取件码{}领取。",
                "【星屿贷款】借据{}将于三日后到期，还款识别号{}，请勿逾期。",
            )
        )
        return form.format(first, second)

    def email(self):
        return f"{self.text(LOWER, 6)}.{self.text(LOWER + DIGITS, 8)}@mail.example"

    def serial(self):
        return self.text(CODE, 16)

    def ssid(self):
        return "WLAN-" + self.text(CODE, 10)

    def app_package(self):
        return f"com.{self.text(LOWER, 8)}.{self.text(LOWER, 8)}"

    def otp(self):
        return self.text(DIGITS, 6)


def near_miss(draw, text):
    """The same text with one digit or letter in its middle changed."""
    places = [at for at, c in enumerate(text) if c.isascii() and c.isalnum() and len(text) // 4 <= at < len(text) - 2]
    at = draw.choice(places)
    pool = DIGITS if text[at].isdigit() else (LOWER[:6] if text[at] in "abcdef" else LOWER if text[at].islower() else CODE[8:])
    return text[:at] + draw.choice([c for c in pool if c != text[at]]) + text[at + 1 :]
