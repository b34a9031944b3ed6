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
];
