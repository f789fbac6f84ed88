"""A local cloud as a user starts it: `keyturn local` on a free port, with the stack of this folder's configuration."""

import json
import os
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Not through npx, which does not hand on the signal that ends it.
KEYTURN = ["node_modules/.bin/tsx", "bin/keyturn.ts"]


class LocalCloud:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="keyturn-foreign-")
        app = os.path.join(self.folder.name, "cdk.out")
        config = str(Path(__file__).with_name("keyturn.config.json"))
        subprocess.run(
            ["npx", "cdk", "synth", "--quiet", "--output", app],
            cwd=ROOT, env={**os.environ, "KEYTURN_CONFIG": config}, check=True, stdout=subprocess.DEVNULL,
        )
        # Time stands still but for `advance`, so that what a client sees does not depend on how fast it is.
        self.process = subprocess.Popen(
            [*KEYTURN, "local", "--port", "0", "--speed", "0", "--app", app, "--json"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"keyturn local ended with exit code {self.process.wait()} before it was ready")
        ready = json.loads(line)
        self.endpoint = ready["endpoint"]
        self.credentials = ready["credentials"]
        self.region = ready["region"]
        self.outputs = ready["outputs"]

    def advance(self, duration):
        """Plays everything that is due within a duration such as `7d`."""
        subprocess.run([*KEYTURN, "local", "advance", duration, "--endpoint", self.endpoint], cwd=ROOT, check=True, capture_output=True, text=True)

    def advance_to(self, time):
        """Plays everything that is due up to a virtual time such as `2027-02-25T00:00:00Z`."""
        now = datetime.fromisoformat(self.status()["virtualTime"].replace("Z", "+00:00"))
        seconds = int((datetime.fromisoformat(time.replace("Z", "+00:00")) - now).total_seconds())
        self.advance(f"{seconds}s")

    def status(self):
        printed = subprocess.run([*KEYTURN, "local", "status", "--json", "--endpoint", self.endpoint], cwd=ROOT, check=True, capture_output=True, text=True)
        return json.loads(printed.stdout)

    def deliveries(self):
        """What e-mail, SMS and HTTP subscribers got."""
        printed = subprocess.run([*KEYTURN, "local", "messages", "--json", "--endpoint", self.endpoint], cwd=ROOT, check=True, capture_output=True, text=True)
        return json.loads(printed.stdout)["deliveries"]

    def keyturn(self, *arguments, credentials=None, environment=None):
        """keyturn's own command, as a person of the account. Returns its exit code, what it printed, and what it said on its error stream."""
        identity = credentials or self.credentials
        variables = environment if environment is not None else {
            "AWS_ACCESS_KEY_ID": identity["accessKeyId"], "AWS_SECRET_ACCESS_KEY": identity["secretAccessKey"], "AWS_SESSION_TOKEN": identity.get("sessionToken", ""),
            "AWS_REGION": self.region, "AWS_ENDPOINT_URL": self.endpoint,
        }
        ended = subprocess.run([*KEYTURN, *arguments], cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        return ended.returncode, ended.stdout, ended.stderr

    def credentials_of(self, arn):
        """What another principal signs with."""
        printed = subprocess.run([*KEYTURN, "local", "credentials", arn, "--create", "--endpoint", self.endpoint], cwd=ROOT, check=True, capture_output=True, text=True)
        exported = dict(line.removeprefix("export ").split("=", 1) for line in printed.stdout.splitlines() if line.startswith("export "))
        return {"accessKeyId": exported["AWS_ACCESS_KEY_ID"], "secretAccessKey": exported["AWS_SECRET_ACCESS_KEY"], "sessionToken": exported["AWS_SESSION_TOKEN"]}

    def close(self):
        self.process.terminate()
        exit_code = self.process.wait(timeout=30)
        self.process.stdout.close()
        self.folder.cleanup()
        if exit_code != 0:
            raise RuntimeError(f"keyturn local ended with exit code {exit_code}")
