"""Writes expected.jsonl: what Spark 4 in ANSI mode says of the expressions in cases.jsonl. See README.md."""
import datetime
import decimal
import json
import math
import os
import pathlib

from pyspark.sql import SparkSession

here = pathlib.Path(__file__).parent
os.environ["TZ"] = "UTC"
OPERATORS = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "remainder": "%", "div": "div",
    "eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and": "AND", "or": "OR", "equal_null": "<=>",
    "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^", "like": "LIKE", "ilike": "ILIKE", "rlike": "RLIKE",
}


def text(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def sql(case):
    if case is None:
        return "NULL"
    if isinstance(case, bool):
        return "true" if case else "false"
    if isinstance(case, int):
        return f"({case})" if case < 0 else str(case)
    if isinstance(case, float):
        return f"({case!r}D)"
    if isinstance(case, str):
        return text(case)
    if isinstance(case, list):
        return call(case[0], [sql(one) for one in case[1:]])
    if "cast" in case or "try_cast" in case:
        name = "cast" if "cast" in case else "try_cast"
        value, to = case[name]
        return f"{name}({sql(value)} as {to})"
    if "fn" in case:
        names = case["fn"]
        return f"{names[0] if len(names) == 1 else '(' + ', '.join(names) + ')'} -> {sql(case['body'])}"
    (kind, value), = case.items()
    if kind == "var" or kind == "col":
        return value
    if kind == "long":
        return f"({value}L)" if value != "-9223372036854775808" else "cast('-9223372036854775808' as bigint)"
    if kind == "null":
        return f"cast(NULL as {value})"
    if kind == "binary":
        return f"X'{value}'"
    if kind == "decimal":
        return f"({value}BD)"
    if kind == "double":
        return f"cast('{value}' as double)"
    return f"{kind} '{value}'"


def call(name, args):
    if name in OPERATORS:
        return f"({args[0]} {OPERATORS[name]} {args[1]})"
    if name == "not":
        return f"(NOT {args[0]})"
    if name == "in":
        return f"({args[0]} IN ({', '.join(args[1:])}))"
    if name == "get_item":
        return f"{args[0]}[{args[1]}]"
    if name in ("trim", "btrim", "ltrim", "rtrim") and len(args) == 2:
        side = {"ltrim": "LEADING", "rtrim": "TRAILING"}.get(name, "BOTH")
        return f"trim({side} {args[1]} FROM {args[0]})"
    if name == "case":
        return f"CASE WHEN {args[0]} THEN {args[1]} ELSE {args[2]} END"
    if name == "create_map":
        name = "map"
    if name == "negative":
        return f"(-{args[0]})"
    if name == "count" and not args:
        return "count(*)"
    if name == "count_distinct":
        return f"count(DISTINCT {', '.join(args)})"
    return f"{name}({', '.join(args)})"


def plain(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        return "Infinity" if value == math.inf else "-Infinity" if value == -math.inf else value
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    if isinstance(value, dict):
        return {"map": [[plain(key), plain(one)] for key, one in value.items()]}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if hasattr(value, "asDict"):
        return {name: plain(one) for name, one in value.asDict().items()}
    return str(value)


def query(case):
    if isinstance(case, dict) and "rows" in case:
        rows = ", ".join("(" + ", ".join(sql(one) for one in row) + ")" for row in case["rows"])
        names = ", ".join("abcdef"[: len(case["rows"][0])])
        where = " WHERE false" if case.get("empty") else ""
        return f"SELECT {sql(case['agg'])} AS v FROM VALUES {rows} AS t({names}){where}"
    return f"SELECT {sql(case)} AS v"


def answer(spark, case):
    try:
        frame = spark.sql(query(case))
        value = frame.collect()[0][0]
        return {"type": frame.schema[0].dataType.simpleString(), "value": plain(value)}
    except Exception as error:  # noqa: BLE001: whatever Spark says no with
        name = getattr(error, "getCondition", getattr(error, "getErrorClass", lambda: None))()
        return {"error": name or type(error).__name__}


def main():
    builder = SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC")
    spark = builder.config("spark.ui.enabled", "false").config("spark.sql.ansi.enabled", "true").getOrCreate()
    spark.sparkContext.setLogLevel("OFF")
    lines = [line for line in (here / "cases.jsonl").read_text().splitlines() if line]
    answers = [json.dumps(answer(spark, json.loads(line))) for line in lines]
    (here / "expected.jsonl").write_text("\n".join(answers) + "\n")
    print(f"{len(answers)} answers of Spark {spark.version}")


main()
