// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Whatever a page for users writes as code is there: objects of the schema, columns, parameters,
 * options, settings, paths. Flags, variables and metrics are compared beside the program.
 */
final class WordsTest {
  private static final Path INTERNALS = Path.of("docs", "internals");
  private static final Path OF_OTHERS = Path.of("src/test/resources/docs/words-of-others.txt");
  private static final Path PROGRAM = Path.of("src/main/java");
  private static final Path SCHEMA = Path.of("db/migration");

  private static final Pattern OBJECT = Pattern.compile("\\boutbox\\.([a-z_]+)");
  private static final Pattern WORD =
      Pattern.compile("(?<![\\w.$%/-])([a-z]+(?:_[a-z]+)+)(?![\\w*])");
  private static final Pattern HTTP_PATH = Pattern.compile("(/(?:health|metrics)[a-z/]*)");
  private static final Pattern MEMBER = Pattern.compile("\"(\\w+)\":");
  private static final Pattern WHOLE_WORD = Pattern.compile("\\w+");

  /** Of a file's name, not of the schema. */
  private static final Set<String> ENDINGS = Set.of("yaml", "log", "conf");

  private static TestDatabase database;

  @BeforeAll
  static void connect() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterAll
  static void disconnect() throws SQLException {
    database.close();
  }

  private static List<Page> pages() {
    return Page.all().stream()
        .filter(page -> !page.path().startsWith(INTERNALS))
        .filter(page -> !page.path().equals(Path.of("CONTRIBUTING.md")))
        .toList();
  }

  /** Each word that is not known, with its page. */
  private static Set<String> unknown(
      Function<Page, Stream<String>> words, Set<String> known, Set<String> seen) {
    Set<String> unknown = new TreeSet<>();
    for (Page page : pages()) {
      for (String word : words.apply(page).toList()) {
        seen.add(word);
        if (!known.contains(word)) {
          unknown.add(page + ": " + word);
        }
      }
    }
    assertTrue(!seen.isEmpty(), "no word was found");
    return unknown;
  }

  private static Stream<String> found(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(each -> each.group(1));
  }

  private static String program() throws IOException {
    return files(PROGRAM, ".java");
  }

  private static String files(Path folder, String ending) throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(each -> each.toString().endsWith(ending)).toList()) {
        all.append(Files.readString(file)).append('\n');
      }
    }
    return all.toString();
  }

  /** Functions, views, tables, and the settings of a session. */
  @Test
  void objects_onEachPage_areThoseOfTheSchema() throws Exception {
    Set<String> known = new TreeSet<>(ENDINGS);
    known.addAll(Settings.all());
    known.addAll(
        database.query(
            """
            select relname::text from pg_class where relnamespace = 'outbox'::regnamespace
            union
            select proname::text from pg_proc where pronamespace = 'outbox'::regnamespace
            """));
    assertEquals(
        Set.of(),
        unknown(
            page ->
                Stream.concat(
                    found(OBJECT, page.prose()),
                    page.fences().stream().flatMap(fence -> found(OBJECT, fence.text()))),
            known,
            new TreeSet<>()));
  }

  /** Words with an underscore between backticks are the database's, the program's, or listed. */
  @Test
  void words_betweenBackticks_areOfTheProductOrListed() throws Exception {
    Set<String> known = new TreeSet<>(RaisedErrors.conditions());
    known.addAll(
        database.query(
            """
            with ours as (
              select oid from pg_namespace where nspname in ('outbox', 'outbox_internal')
            )
            select relname::text from pg_class
            union select attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
              where c.relnamespace in (select oid from ours)
            union select proname::text from pg_proc
            union select unnest(proargnames) from pg_proc
              where pronamespace in (select oid from ours)
            union select conname::text from pg_constraint
              where connamespace in (select oid from ours)
            union select nspname::text from pg_namespace
            union select rolname::text from pg_roles where rolname like 'outbox%'
            union select name from pg_settings
            union select option from outbox_internal.transport_options()
            """));
    // Members of JSON, and the words of the wire.
    WHOLE_WORD.matcher(program()).results().forEach(word -> known.add(word.group()));
    found(MEMBER, files(SCHEMA, ".sql")).forEach(known::add);
    List<String> ofOthers = Files.readAllLines(OF_OTHERS);
    known.addAll(ofOthers);
    Set<String> seen = new TreeSet<>();
    assertEquals(
        Set.of(),
        unknown(
            // Metrics stand in no source as a whole.
            page ->
                page.codes().stream()
                    .flatMap(code -> found(WORD, code))
                    .filter(word -> !word.startsWith("outbox_relay_")),
            known,
            seen));
    Set<String> unused = new TreeSet<>(ofOthers);
    unused.removeAll(seen);
    assertEquals(Set.of(), unused, "no page names these any more");
  }

  @Test
  void paths_ofHealthAndMetrics_areThoseThatAreServed() throws Exception {
    Set<String> known = new TreeSet<>();
    found(HTTP_PATH, program()).forEach(known::add);
    assertEquals(
        Set.of(),
        unknown(
            page -> page.codes().stream().flatMap(code -> found(HTTP_PATH, code)),
            known,
            new TreeSet<>()));
  }
}
