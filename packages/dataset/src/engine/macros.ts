/**
 * Functions of the engine's own language that each instance gets when it opens: what Spark's functions need and the
 * engine has no word for. Names begin with `tutti_`.
 */
export const macros: readonly string[] = [
  // In the order of their use: a macro knows only those before it.
  `create macro tutti_digits(shortest) as
     rtrim(ltrim(replace(split_part(ltrim(shortest, '-'), 'e', 1), '.', ''), '0'), '0')`,
  `create macro tutti_exponent(positive) as
     case when contains(positive, 'e') then split_part(positive, 'e', 2)::INTEGER else 0 end
     + case when ltrim(split_part(split_part(positive, 'e', 1), '.', 1), '0') <> ''
         then length(ltrim(split_part(split_part(positive, 'e', 1), '.', 1), '0')) - 1
         else -1 - (length(split_part(split_part(positive, 'e', 1), '.', 2)) - length(ltrim(split_part(split_part(positive, 'e', 1), '.', 2), '0'))) end`,
  `create macro tutti_scientific(shortest, x) as
     case when x < 0 then '-' else '' end
     || left(tutti_digits(shortest), 1) || '.'
     || case when length(tutti_digits(shortest)) > 1 then substr(tutti_digits(shortest), 2) else '0' end
     || 'E' || tutti_exponent(ltrim(shortest, '-'))::VARCHAR`,
  // A floating-point number as Java writes it, from the engine's shortest text: 1.0E7 from ten million on, 1.0E-4 below a thousandth.
  `create macro tutti_number_text(shortest, x) as case
     when shortest is null then null
     when isnan(x) then 'NaN'
     when isinf(x) then case when x > 0 then 'Infinity' else '-Infinity' end
     when x = 0 or (abs(x) >= 1e-3 and abs(x) < 1e7) then case when contains(shortest, 'e') then x::DECIMAL(38,17)::VARCHAR else shortest end
     else tutti_scientific(shortest, x) end`,
  `create macro tutti_unit(name) as case lower(name)
     when 'yyyy' then 'year' when 'yy' then 'year' when 'mm' then 'month' when 'mon' then 'month' when 'dd' then 'day'
     when 'year' then 'year' when 'quarter' then 'quarter' when 'month' then 'month' when 'week' then 'week' when 'day' then 'day'
     when 'hour' then 'hour' when 'minute' then 'minute' when 'second' then 'second'
     when 'millisecond' then 'millisecond' when 'microsecond' then 'microsecond' end`,
  // The first character of each word, which a blank ends, in upper case.
  `create macro tutti_initcap(value) as
     array_to_string(list_transform(string_split(lower(value), ' '), lambda w: upper(left(w, 1)) || substr(w, 2)), ' ')`,
  `create macro tutti_substring_index(value, mark, n) as case
     when mark = '' or n = 0 then case when value is null or mark is null or n is null then null else '' end
     when n > 0 then array_to_string(list_slice(string_split(value, mark), 1, n), mark)
     else array_to_string(list_slice(string_split(value, mark), greatest(1, len(string_split(value, mark)) + n + 1), len(string_split(value, mark))), mark) end`,
  // At most so many parts; the last holds the rest.
  `create macro tutti_split(value, pattern, n) as case
     when n <= 0 or len(regexp_split_to_array(value, pattern)) <= n then regexp_split_to_array(value, pattern)
     when n = 1 then [value]
     else list_append(list_slice(regexp_split_to_array(value, pattern), 1, n - 1),
       substr(value, 1 + list_sum(list_transform(list_slice(regexp_split_to_array(value, pattern), 1, n - 1), lambda p: length(p)))::BIGINT
         + list_sum(list_transform(list_slice(regexp_extract_all(value, pattern, 0), 1, n - 1), lambda p: length(p)))::BIGINT)) end`,
  `create macro tutti_soundex_code(c) as case
     when c in ('B', 'F', 'P', 'V') then '1' when c in ('C', 'G', 'J', 'K', 'Q', 'S', 'X', 'Z') then '2'
     when c in ('D', 'T') then '3' when c = 'L' then '4' when c in ('M', 'N') then '5' when c = 'R' then '6'
     when c in ('H', 'W') then '-' else '0' end`,
  // Letters of one code in a row count once, also across H and W; vowels part them.
  `create macro tutti_soundex(value) as case
     when not regexp_matches(upper(left(value, 1)), '[A-Z]') then value
     else left(upper(left(value, 1))
       || replace(substr(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
            array_to_string(list_transform(string_split(regexp_replace(upper(value), '[^A-Z]', '', 'g'), ''), lambda c: case when c in ('H', 'W') then '' else tutti_soundex_code(c) end), ''),
            '1+', '1', 'g'), '2+', '2', 'g'), '3+', '3', 'g'), '4+', '4', 'g'), '5+', '5', 'g'), '6+', '6', 'g'),
            case when upper(left(value, 1)) in ('H', 'W') then 1 else 2 end), '0', '')
       || '000', 4) end`,
  // Equal values once, in the order of their first; NULLs are equal.
  `create macro tutti_distinct(l) as list_filter(l, lambda e, i:
     case when e is null then len(list_filter(list_slice(l, 1, i - 1), lambda o: o is null)) = 0 else list_position(l, e) = i end)`,
  `create macro tutti_holds(l, e) as case when e is null then len(list_filter(l, lambda o: o is null)) > 0 else list_contains(l, e) end`,
  // Three-valued: NULL where the answer hangs on a NULL.
  `create macro tutti_any(l) as case when l is null then null when list_contains(l, true) then true
     when len(list_filter(l, lambda e: e is null)) > 0 then null else false end`,
  `create macro tutti_all(l) as case when l is null then null when list_contains(l, false) then false
     when len(list_filter(l, lambda e: e is null)) > 0 then null else true end`,
  // From a place that counts from 1, or from the end.
  `create macro tutti_slice(l, start, n) as case
     when start = 0 then error('tutti:invalid-value:slice counts from 1, or from -1 backwards; it was given 0')
     when n < 0 then error('tutti:invalid-value:slice was given a negative length')
     when n = 0 or start > len(l) or len(l) + start < 0 then list_slice(l, 1, 0)
     when start > 0 then list_slice(l, start, start + n - 1)
     else list_slice(l, len(l) + start + 1, len(l) + start + n) end`,
  `create macro tutti_array_insert(l, place, value) as case
     when place = 0 then error('tutti:invalid-value:arrayInsert counts from 1, or from -1 backwards; it was given 0')
     when l is null or place is null then null
     when place > 0 then list_concat(list_concat(list_resize(l, least(len(l), place - 1)), list_resize([], greatest(0, place - 1 - len(l)))), list_concat([value], list_slice(l, place, len(l))))
     when -place <= len(l) + 1 then list_concat(list_concat(list_slice(l, 1, len(l) + place + 1), [value]), list_slice(l, len(l) + place + 2, len(l)))
     else list_concat(list_concat([value], list_resize([], (-place - len(l) - 1)::INTEGER)), l) end`,
  `create macro tutti_text_map(value, pairs, mark) as map(
     list_transform(regexp_split_to_array(value, pairs), lambda p: regexp_split_to_array(p, mark)[1]),
     list_transform(regexp_split_to_array(value, pairs), lambda p: case when regexp_matches(p, mark) then substr(p, length(regexp_split_to_array(p, mark)[1]) + length(regexp_extract(p, mark, 0)) + 1) end))`,
  // Whole months where both are the same day of the month, or both its last; else by days of 31.
  `create macro tutti_months_between(a, b) as round(
     (year(a) - year(b)) * 12 + month(a) - month(b)
     + case when day(a) = day(b) or (a::DATE = last_day(a) and b::DATE = last_day(b)) then 0
         else (day(a) - day(b) + (epoch(a) - epoch(date_trunc('day', a)) - epoch(b) + epoch(date_trunc('day', b))) / 86400.0) / 31.0 end, 8)`,
  `create macro tutti_weekday(name) as case lower(name)
     when 'su' then 0 when 'sun' then 0 when 'sunday' then 0 when 'mo' then 1 when 'mon' then 1 when 'monday' then 1
     when 'tu' then 2 when 'tue' then 2 when 'tuesday' then 2 when 'we' then 3 when 'wed' then 3 when 'wednesday' then 3
     when 'th' then 4 when 'thu' then 4 when 'thursday' then 4 when 'fr' then 5 when 'fri' then 5 when 'friday' then 5
     when 'sa' then 6 when 'sat' then 6 when 'saturday' then 6
     else error('tutti:invalid-value:nextDay knows Mon, Monday and so on; it was given: ' || name) end`,
  `create macro tutti_next_day(d, name) as
     (d + (1 + (tutti_weekday(name) - dayofweek(d) - 1 + 7) % 7)::INTEGER)::DATE`,
  // Digits of one base in another, as unsigned 64-bit numbers; what follows the last digit is cut.
  `create macro tutti_conv(value, source, target) as case
     when source not between 2 and 36 or abs(target) not between 2 and 36 or trim(value) = '' then null
     else to_base(list_reduce(list_prepend(0::HUGEINT,
       list_transform(string_split(regexp_extract(upper(trim(value)), '^[' || case when source > 10 then '0-9A-' || chr(54 + source) else '0-' || (source - 1) end || ']*', 0), ''),
         lambda c: case when c = '' then 0 else strpos('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', c) - 1 end::HUGEINT)),
       lambda total, digit: total * source + digit)::BIGINT, abs(target)) end`,
];
