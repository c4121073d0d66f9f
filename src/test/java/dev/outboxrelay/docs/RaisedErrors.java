// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The errors that the SQL files raise, read from the files. */
final class RaisedErrors {
  private static final Pattern RAISE =
      Pattern.compile("(?s)raise exception '((?:[^']|'')*)'(.*?);\n");
  private static final Pattern CODE = Pattern.compile("errcode = '(\\w+)'");

  /** A message that is longer than this is cut after its first sentence. */
  private static final int LONG = 120;

  private static final Map<String, String> STATES =
      Map.ofEntries(
          Map.entry("cardinality_violation", "21000"),
          Map.entry("check_violation", "23514"),
          Map.entry("duplicate_column", "42701"),
          Map.entry("duplicate_object", "42710"),
          Map.entry("duplicate_schema", "42P06"),
          Map.entry("feature_not_supported", "0A000"),
          Map.entry("insufficient_privilege", "42501"),
          Map.entry("invalid_parameter_value", "22023"),
          Map.entry("invalid_text_representation", "22P02"),
          Map.entry("invalid_transaction_state", "25000"),
          Map.entry("invalid_transaction_termination", "2D000"),
          Map.entry("lock_not_available", "55P03"),
          Map.entry("not_null_violation", "23502"),
          Map.entry("null_value_not_allowed", "22004"),
          Map.entry("object_in_use", "55006"),
          Map.entry("object_not_in_prerequisite_state", "55000"),
          Map.entry("program_limit_exceeded", "54000"),
          Map.entry("undefined_column", "42703"),
          Map.entry("undefined_object", "42704"),
          Map.entry("wrong_object_type", "42809"));

  private RaisedErrors() {}

  /** The SQLSTATE of a condition's name. */
  static String state(String name) {
    String state = STATES.get(name);
    if (state == null) {
      throw new IllegalArgumentException("add the SQLSTATE of " + name + " to RaisedErrors");
    }
    return state;
  }

  /** The conditions' names. */
  static Set<String> conditions() {
    return STATES.keySet();
  }

  /** Each as {@code SQLSTATE message}, with an ellipsis for what differs. */
  static Set<String> all() {
    Set<String> errors = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Path.of("db/migration"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".sql")).toList()) {
        Matcher raise = RAISE.matcher(Files.readString(file));
        while (raise.find()) {
          Matcher code = CODE.matcher(raise.group(2));
          // Without one it is caught where it is raised.
          if (code.find()) {
            errors.add(state(code.group(1)) + " " + shown(raise.group(1)));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return errors;
  }

  private static String shown(String message) {
    String shown = message.replace("''", "'").replace("%", "…");
    return shown.length() > LONG ? List.of(shown.split("\\. ")).get(0) + "…" : shown;
  }
}
