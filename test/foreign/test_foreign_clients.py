"""The AWS CLI and boto3, which know nothing of keyturn, against the local cloud: they rotate a key, use it, and are refused where AWS refuses.

Needs Debian's packages awscli and python3-boto3:  /usr/bin/python3 -W ignore::ResourceWarning -m unittest discover --start-directory test/foreign
"""

import base64
import json
import os
import subprocess
import unittest
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from local_cloud import LocalCloud

ALIAS = "alias/orders"
FIRST_WINDOW = "20270121T0000Z"
SECOND_WINDOW = "20270302T0000Z"

cloud = None


def setUpModule():
    global cloud
    cloud = LocalCloud()
    # The schedule looks every six hours; its first look finds an alias that does not exist, and makes the first version.
    cloud.advance("7h")


def tearDownModule():
    cloud.close()


def client(service, credentials=None, **options):
    identity = credentials or cloud.credentials
    return boto3.client(
        service,
        endpoint_url=cloud.endpoint,
        region_name=cloud.region,
        aws_access_key_id=identity["accessKeyId"],
        aws_secret_access_key=identity["secretAccessKey"],
        aws_session_token=identity.get("sessionToken"),
        config=Config(retries={"max_attempts": 1}, **options),
    )


def aws(*arguments):
    """The AWS CLI, as a person types it. Returns what it prints, parsed, and raises with what it says on its error stream."""
    environment = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": cloud.credentials["accessKeyId"],
        "AWS_SECRET_ACCESS_KEY": cloud.credentials["secretAccessKey"],
        "AWS_DEFAULT_REGION": cloud.region,
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_PAGER": "",
    }
    command = ["/usr/bin/aws", "--endpoint-url", cloud.endpoint, "--output", "json", *arguments]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    if ended.returncode != 0:
        raise RuntimeError(ended.stderr.strip())
    return json.loads(ended.stdout) if ended.stdout.strip() else None


def rotation(window, attempt=1):
    return f"orders-{window}-a{attempt}", json.dumps({"key": "orders", "window": window, "attempt": attempt})


class TestTheAwsCli(unittest.TestCase):
    def test_rotates_a_key_and_uses_it(self):
        machine = cloud.outputs["StateMachineArn"]
        sealed = aws("kms", "encrypt", "--key-id", ALIAS, "--plaintext", base64.b64encode(b"before").decode())

        cloud.advance_to("2027-01-21T00:00:01Z")
        name, start_input = rotation(FIRST_WINDOW)
        started = aws("stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", name, "--input", start_input)
        execution = started["executionArn"]
        again = aws("stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", name, "--input", start_input)
        self.assertEqual(again["executionArn"], execution)

        cloud.advance("1h")
        described = aws("stepfunctions", "describe-execution", "--execution-arn", execution)
        self.assertEqual(described["status"], "RUNNING")
        events = aws("stepfunctions", "get-execution-history", "--execution-arn", execution)["events"]
        entered = [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]
        self.assertEqual(entered[-1], "Drain")
        self.assertIn("Promote Key Version", entered)

        fresh = aws("kms", "encrypt", "--key-id", ALIAS, "--plaintext", base64.b64encode(b"after").decode())
        self.assertNotEqual(fresh["KeyId"], sealed["KeyId"])
        for blob, text in [(sealed["CiphertextBlob"], b"before"), (fresh["CiphertextBlob"], b"after")]:
            opened = aws("kms", "decrypt", "--key-id", ALIAS if text == b"after" else sealed["KeyId"], "--ciphertext-blob", blob)
            self.assertEqual(base64.b64decode(opened["Plaintext"]), text)

        # Idle for half of the drain, then the old version is disabled, baked, and its deletion scheduled.
        cloud.advance("12d")
        described = aws("stepfunctions", "describe-execution", "--execution-arn", execution)
        self.assertEqual((described["status"], json.loads(described["output"])["outcome"]), ("SUCCEEDED", "completed"))
        old = aws("kms", "describe-key", "--key-id", sealed["KeyId"])["KeyMetadata"]
        self.assertEqual(old["KeyState"], "PendingDeletion")
        item = aws(
            "dynamodb", "get-item", "--consistent-read", "--table-name", cloud.outputs["RegistryTableName"],
            "--key", '{"pk": {"S": "KEY#orders"}, "sk": {"S": "META"}}',
        )["Item"]
        self.assertEqual(item["versions"]["M"]["v1"]["M"]["status"]["S"], "REVOKED")
        with self.assertRaisesRegex(RuntimeError, r"\(ExecutionAlreadyExists\) when calling the StartExecution operation"):
            aws("stepfunctions", "start-execution", "--state-machine-arn", machine, "--name", name, "--input", start_input)
        with self.assertRaisesRegex(RuntimeError, r"\(KMSInvalidStateException\) when calling the Decrypt operation.* is pending deletion"):
            aws("kms", "decrypt", "--ciphertext-blob", sealed["CiphertextBlob"])

        # A use that fails means that somebody still needs the version: it is taken back, and held until a person has looked.
        cloud.advance("1h")
        self.assertEqual(base64.b64decode(aws("kms", "decrypt", "--ciphertext-blob", sealed["CiphertextBlob"])["Plaintext"]), b"before")
        self.assertRegex(cloud.keyturn("status", "orders")[1], "held by rescue-version: .*called Decrypt with v1, which was REVOKED")
        self.assertEqual(cloud.keyturn("release", "orders", "--reason", "re-encrypted", "--yes-i-mean", "orders")[0], 0)

    def test_looks_around(self):
        [stack] = aws("cloudformation", "describe-stacks", "--stack-name", "keyturn")["Stacks"]
        self.assertEqual({output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}, cloud.outputs)
        self.assertTrue(aws("sts", "get-caller-identity")["Arn"].startswith("arn:aws:iam::"))
        self.assertIn(cloud.outputs["RegistryTableName"], aws("dynamodb", "list-tables")["TableNames"])
        self.assertEqual(aws("dynamodb", "describe-table", "--table-name", cloud.outputs["RegistryTableName"])["Table"]["TableStatus"], "ACTIVE")
        self.assertIn({"TopicArn": cloud.outputs["AlertTopicArn"]}, aws("sns", "list-topics")["Topics"])
        tagged = aws("resourcegroupstaggingapi", "get-resources", "--resource-type-filters", "kms:key", "--tag-filters", "Key=keyturn:key,Values=orders")["ResourceTagMappingList"]
        self.assertTrue(tagged)
        functions = {function["FunctionName"] for function in aws("lambda", "list-functions")["Functions"]}
        self.assertTrue(any("Starter" in name or "StartDueRotations" in name for name in functions), functions)

    def test_reads_what_a_subscriber_gets(self):
        topic = cloud.outputs["AlertTopicArn"]
        aws("sns", "subscribe", "--topic-arn", topic, "--protocol", "sms", "--notification-endpoint", "+15550100", "--attributes", json.dumps({"FilterPolicy": json.dumps({"severity": ["page"]})}))
        for severity in ("page", "note"):
            attributes = {"severity": {"DataType": "String", "StringValue": severity}}
            aws("sns", "publish", "--topic-arn", topic, "--message", f"a {severity}", "--message-attributes", json.dumps(attributes))
        self.assertEqual([(sent["endpoint"], sent["message"]) for sent in cloud.deliveries() if sent["kind"] != "confirmation"], [("+15550100", "a page")])

    def test_is_refused_where_aws_refuses(self):
        refusals = [
            (r"\(ValidationException\)", ["kms", "schedule-key-deletion", "--key-id", "1234abcd-12ab-34cd-56ef-1234567890ab", "--pending-window-in-days", "5"]),
            (r"\(NotFoundException\)", ["kms", "describe-key", "--key-id", "alias/nobody"]),
            (r"\(InvalidToken\)", ["stepfunctions", "send-task-success", "--task-token", "nobody-waits", "--task-output", "{}"]),
            (r"\(ExecutionDoesNotExist\)", ["stepfunctions", "describe-execution", "--execution-arn", cloud.outputs["StateMachineArn"].replace("stateMachine", "execution") + ":nobody"]),
            (r"\(ResourceNotFoundException\).*Requested resource not found", ["dynamodb", "scan", "--table-name", "nothing"]),
            (r"\(ValidationError\).*does not exist", ["cloudformation", "describe-stacks", "--stack-name", "nothing"]),
            (r"\(NotFound\).*Topic does not exist", ["sns", "publish", "--topic-arn", cloud.outputs["AlertTopicArn"] + "-nothing", "--message", "hello"]),
            (r"\(ConditionalCheckFailedException\).*The conditional request failed", [
                "dynamodb", "put-item", "--table-name", cloud.outputs["RegistryTableName"],
                "--item", '{"pk": {"S": "KEY#orders"}, "sk": {"S": "META"}}', "--condition-expression", "attribute_not_exists(pk)",
            ]),
        ]
        for message, command in refusals:
            with self.subTest(command=command[:2]), self.assertRaisesRegex(RuntimeError, message):
                aws(*command)


class TestBoto3(unittest.TestCase):
    """After the AWS CLI's class, by name order: the second window's rotation."""

    def test_z_rotates_a_key_and_redrives_it(self):
        kms, states = client("kms"), client("stepfunctions")
        cloud.advance_to("2027-03-02T00:00:01Z")
        sealed = kms.encrypt(KeyId=ALIAS, Plaintext=b"before", EncryptionContext={"tenant": "1"})
        name, start_input = rotation(SECOND_WINDOW)
        execution = states.start_execution(stateMachineArn=cloud.outputs["StateMachineArn"], name=name, input=start_input)["executionArn"]
        cloud.advance("1m")
        states.stop_execution(executionArn=execution, error="Maintenance", cause="a person stopped it")
        described = states.describe_execution(executionArn=execution)
        self.assertEqual((described["status"], described["error"]), ("ABORTED", "Maintenance"))
        # Whoever stops an execution from outside leaves the key to a person.
        cloud.advance("1m")
        self.assertIn("did not give the key back", cloud.keyturn("status", "orders")[1])
        self.assertEqual(cloud.keyturn("lift", "orders", "--reason", "it was maintenance", "--yes-i-mean", "orders")[0], 0)
        # What a newer boto3 calls redrive_execution, by its wire name: Debian's does not know it yet.
        redriven = call_by_wire_name("AWSStepFunctions.RedriveExecution", {"executionArn": execution})
        self.assertIn("redriveDate", redriven)
        cloud.advance("1h")
        entered = [
            event["stateEnteredEventDetails"]["name"]
            for page in states.get_paginator("get_execution_history").paginate(executionArn=execution)
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]
        self.assertEqual(entered[-1], "Drain")

        fresh = kms.encrypt(KeyId=ALIAS, Plaintext=b"after")
        self.assertNotEqual(fresh["KeyId"], sealed["KeyId"])
        self.assertEqual(kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext={"tenant": "1"})["Plaintext"], b"before")
        self.assertEqual(kms.decrypt(CiphertextBlob=fresh["CiphertextBlob"], KeyId=ALIAS)["Plaintext"], b"after")
        with self.assertRaises(ClientError) as wrong:
            kms.decrypt(CiphertextBlob=sealed["CiphertextBlob"], EncryptionContext={"tenant": "2"})
        self.assertEqual(wrong.exception.response["Error"]["Code"], "InvalidCiphertextException")

    def test_a_principal_without_permission_is_refused(self):
        nobody = cloud.credentials_of("arn:aws:iam::111122223333:role/nobody")
        for service, call in [
            ("kms", lambda weak: weak.encrypt(KeyId=ALIAS, Plaintext=b"x")),
            ("stepfunctions", lambda weak: weak.start_execution(stateMachineArn=cloud.outputs["StateMachineArn"], name="x", input="{}")),
            ("dynamodb", lambda weak: weak.scan(TableName=cloud.outputs["RegistryTableName"])),
            ("sns", lambda weak: weak.publish(TopicArn=cloud.outputs["AlertTopicArn"], Message="x")),
        ]:
            with self.subTest(service=service), self.assertRaises(ClientError) as refused:
                call(client(service, nobody))
            self.assertIn(refused.exception.response["Error"]["Code"], ("AccessDeniedException", "AccessDenied", "AuthorizationError"))
            self.assertIn("is not authorized to perform", refused.exception.response["Error"]["Message"])

    def test_a_caller_without_a_signature_or_with_a_wrong_one_is_refused(self):
        with self.assertRaises(ClientError) as unsigned:
            client("kms", signature_version=UNSIGNED).list_keys()
        self.assertEqual(unsigned.exception.response["Error"]["Code"], "MissingAuthenticationTokenException")
        with self.assertRaises(ClientError) as forged:
            client("kms", {**cloud.credentials, "secretAccessKey": "x" * 40}).list_keys()
        self.assertEqual(forged.exception.response["Error"]["Code"], "InvalidSignatureException")

    def test_what_is_not_modelled_is_refused_by_name(self):
        with self.assertRaises(ClientError) as refused:
            client("dynamodb").restore_table_to_point_in_time(SourceTableName="a-table", TargetTableName="another", UseLatestRestorableTime=True)
        self.assertEqual(refused.exception.response["Error"]["Code"], "NotModelledLocally")

    def test_many_clients_at_once_lose_nothing(self):
        table = client("dynamodb")
        table.create_table(
            TableName="counter", BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )

        def count(_):
            table.update_item(TableName="counter", Key={"id": {"S": "n"}}, UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}})

        with ThreadPoolExecutor(max_workers=20) as pool:
            list(pool.map(count, range(200)))
        self.assertEqual(table.get_item(TableName="counter", Key={"id": {"S": "n"}}, ConsistentRead=True)["Item"]["n"]["N"], "200")


class TestKeyturnsOwnCommands(unittest.TestCase):
    def test_a_hold_is_shown_and_released_only_by_whoever_types_the_keys_name(self):
        self.assertEqual(cloud.keyturn("hold", "orders", "--reason", "legal hold 17")[0], 0)
        self.assertIn("legal hold 17", cloud.keyturn("status", "orders")[1])
        code, _, said = cloud.keyturn("release", "orders", "--reason", "over")
        self.assertEqual((code, "--yes-i-mean orders" in said), (1, True))
        self.assertEqual(cloud.keyturn("release", "orders", "--reason", "over", "--yes-i-mean", "order")[0], 1)
        self.assertIn("legal hold 17", cloud.keyturn("status", "orders")[1])
        self.assertEqual(cloud.keyturn("release", "orders", "--reason", "over", "--yes-i-mean", "orders")[0], 0)
        self.assertIn("HoldReleased", cloud.keyturn("history", "orders")[1])

    def test_an_emergency_needs_a_second_person(self):
        before = client("kms").describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"]
        self.assertEqual(cloud.keyturn("rotate", "orders", "--emergency", "--reason", "leaked", "--yes-i-mean", "orders")[0], 0)
        [asked] = [approval for approval in json.loads(cloud.keyturn("approvals", "orders", "--json")[1]) if approval["outcome"] is None]
        code, _, said = cloud.keyturn("approve", asked["id"], "--reason", "yes", "--yes-i-mean", "orders")
        self.assertEqual((code, "cannot approve" in said), (1, True))
        second = cloud.credentials_of("arn:aws:iam::111122223333:role/security")
        client("iam").put_role_policy(
            RoleName="security", PolicyName="decides",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}),
        )
        code, said, complaint = cloud.keyturn("approve", asked["id"], "--reason", "yes", "--yes-i-mean", "orders", credentials=second)
        self.assertEqual((code, complaint), (0, ""))
        cloud.advance("2h")
        self.assertNotEqual(client("kms").describe_key(KeyId=ALIAS)["KeyMetadata"]["KeyId"], before)
        self.assertIn("orders-", said)
        code, said, complaint = cloud.keyturn("audit", "orders")
        self.assertEqual((code, complaint), (0, ""))
        self.assertIn("2 exactly one ACTIVE version", said)
        self.assertIn("-e1 since", cloud.keyturn("plan", "orders")[1])

    def test_the_local_cloud_needs_no_environment(self):
        code, said, complaint = cloud.keyturn("reconcile", "--local", cloud.endpoint, environment={})
        self.assertIn(code, (0, 1), complaint)
        self.assertIn("1 of 1 keys were looked at", said)
        code, _, complaint = cloud.keyturn("status", "--local", cloud.endpoint, "--as", "role/nobody", environment={})
        self.assertEqual((code, "cloudformation:DescribeStacks" in complaint), (1, True))


def call_by_wire_name(target, body):
    """Signs and sends one request of the JSON 1.0 protocol with botocore's own signer."""
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials
    from urllib.request import Request, urlopen

    signed = AWSRequest("POST", cloud.endpoint + "/", data=json.dumps(body), headers={"content-type": "application/x-amz-json-1.0", "x-amz-target": target})
    identity = Credentials(cloud.credentials["accessKeyId"], cloud.credentials["secretAccessKey"])
    SigV4Auth(identity, "states", cloud.region).add_auth(signed)
    with urlopen(Request(signed.url, data=signed.body.encode() if isinstance(signed.body, str) else signed.body, headers=dict(signed.headers), method="POST")) as answer:
        return json.load(answer)


def load_tests(loader, _tests, _pattern):
    """The AWS CLI's rotation first: boto3's is of the window after it; then keyturn's own commands."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (TestTheAwsCli, TestBoto3, TestKeyturnsOwnCommands))


if __name__ == "__main__":
    unittest.main()
