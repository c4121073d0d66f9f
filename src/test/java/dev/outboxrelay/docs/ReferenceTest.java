// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The reference names what the database has, and nothing else. */
final class ReferenceTest {
  private static final Path FOLDER = Path.of("docs", "reference");
  private static final Pattern OBJECT = Pattern.compile("`outbox\\.(\\w+)`");
  private static final Pattern ROW =
      Pattern.compile("(?m)^\\| `(\\w+)` \\| (.*?) \\| (.*?) \\|.*$");
  private static final Pattern TYPE = Pattern.compile("`([^`]+)`");
  private static final Path OPERATE = Path.of("db/migration/operate");
  private static final Path DOCTOR = Path.of("db/migration/doctor");
  private static final Path CLI = Path.of("src/main/java/dev/outboxrelay/cli");
  private static final String HISTORY = "flyway_schema_history";

  private static TestDatabase database;

  @TempDir Path folder;

  @BeforeAll
  static void connect() throws SQLException {
    database = TestDatabase.create();
  }

  @AfterAll
  static void disconnect() throws SQLException {
    database.close();
  }

  /** Headings of level three that name an object. */
  private static List<String> objects(Page page) {
    return page.headings(3).stream()
        .map(OBJECT::matcher)
        .filter(Matcher::matches)
        .map(found -> found.group(1))
        .toList();
  }

  /** Each function with each of its parameters, its types and its default. */
  @Test
  void functions_ofThePage_areThoseOfTheDatabase() throws Exception {
    Page page = Page.of(FOLDER.resolve("sql.md"));
    Set<String> described = new TreeSet<>();
    for (String function : objects(page)) {
      described.add(function);
      Matcher row = ROW.matcher(page.section("`outbox." + function + "`"));
      while (row.find()) {
        String standard = row.group(3).strip().replace("`", "");
        TYPE.matcher(row.group(2))
            .results()
            .forEach(
                type ->
                    described.add(
                        function + " " + row.group(1) + " " + type.group(1) + " " + standard));
      }
    }
    assertEquals(lines(functions()), lines(described));
  }

  private static Set<String> functions() throws SQLException {
    return new TreeSet<>(
        database
            .query(
                """
            with f as (
              select p.oid, p.proname, p.proargnames, p.proargtypes, p.pronargs, p.pronargdefaults,
                     p.prorettype
              from pg_proc p
              where p.pronamespace = 'outbox'::regnamespace and p.prorettype <> 'trigger'::regtype
            )
            select f.proname::text from f
            union
            select concat_ws(' ', f.proname, f.proargnames[i],
                     replace(format_type(f.proargtypes[i - 1], null),
                       'timestamp with time zone', 'timestamptz'),
                     coalesce(btrim(regexp_replace(
                       pg_get_function_arg_default(f.oid, i), '::[a-z ]+(\\[\\])?$', ''), ''''), ''))
            from f, generate_series(1, f.pronargs) i
            """)
            .stream()
            .map(line -> line.replaceFirst(" NULL$", " null"))
            .toList());
  }

  /** What each function gives back stands in its signature. */
  @Test
  void results_ofThePage_areThoseOfTheDatabase() throws Exception {
    Page page = Page.of(FOLDER.resolve("sql.md"));
    TreeMap<String, String> shown = new TreeMap<>();
    for (Fence fence : page.fences()) {
      Matcher signature =
          Pattern.compile("(?s)^(?:call )?outbox\\.(\\w+)\\(.*\\)(?: → (.*))?\n$")
              .matcher(fence.text());
      if (fence.language().equals("text") && signature.matches()) {
        shown.put(signature.group(1), String.valueOf(signature.group(2)));
      }
    }
    List<String> functions =
        database.query(
            """
            select distinct p.proname || '=' || case
              when p.prokind = 'p' then 'null'
              when p.proretset then 'setof record'
              else format_type(p.prorettype, null) end
            from pg_proc p
            where p.pronamespace = 'outbox'::regnamespace and p.prorettype <> 'trigger'::regtype
            """);
    assertEquals(
        lines(new TreeSet<>(functions)),
        lines(
            shown.entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .collect(Collectors.toCollection(TreeSet::new))));
  }

  /** Each view and table with each of its columns and types. */
  @Test
  void columns_ofThePage_areThoseOfTheDatabase() throws Exception {
    Page page = Page.of(FOLDER.resolve("views.md"));
    Set<String> described = new TreeSet<>();
    for (String relation : objects(page)) {
      Matcher row = ROW.matcher(page.section("`outbox." + relation + "`"));
      while (row.find()) {
        described.add(relation + " " + row.group(1) + " " + row.group(2).replace("`", ""));
      }
    }
    Set<String> columns =
        new TreeSet<>(
            database.query(
                "select concat_ws(' ', c.relname, a.attname, replace(format_type(a.atttypid, null),"
                    + " 'timestamp with time zone', 'timestamptz'))"
                    + " from pg_class c join pg_attribute a on a.attrelid = c.oid"
                    + " where c.relnamespace = 'outbox'::regnamespace and c.relkind in ('r', 'v')"
                    + " and a.attnum > 0 and not a.attisdropped and c.relname <> '"
                    + HISTORY
                    + "'"));
    assertEquals(lines(columns), lines(described));
  }

  /** Whoever looks into the database alone is told the same. */
  @Test
  void objects_ofTheDatabase_haveComments() throws Exception {
    assertEquals(
        List.of(),
        database.query(
            "select p.oid::regprocedure::text from pg_proc p"
                + " where p.pronamespace = 'outbox'::regnamespace"
                + " and obj_description(p.oid, 'pg_proc') is null"));
  }

  /** Each destination's setting with its default. */
  @Test
  void destinations_ofThePage_haveTheDefaultsOfTheTable() throws Exception {
    String page = Page.of(FOLDER.resolve("destinations.md")).prose();
    List<String> wrong = new ArrayList<>();
    for (String column :
        database.query(
            "select a.attname || '=' || btrim(regexp_replace(pg_get_expr(d.adbin, d.adrelid),"
                + " '::[a-z ]+$', ''), '''')"
                + " from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid"
                + " and a.attnum = d.adnum where d.adrelid = 'outbox.destination'::regclass"
                + " and a.attidentity = '' and a.attgenerated = '' and a.attname <> 'created_at'"
                + " and a.atttypid <> 'interval'::regtype")) {
      String[] parts = column.split("=", 2);
      Matcher row = Pattern.compile("(?m)^\\| `" + parts[0] + "` \\| (.*?) \\|").matcher(page);
      if (!row.find() || !row.group(1).replace("`", "").equals(parts[1])) {
        wrong.add(column);
      }
    }
    assertEquals(List.of(), wrong);
  }

  /** As the page writes them: 1 second, 5 minutes. */
  @Test
  void durations_ofTheDestinationsPage_areTheDefaultsOfTheTable() throws Exception {
    String page = Page.of(FOLDER.resolve("destinations.md")).prose();
    List<String> columns =
        database.query(
            "select a.attname || '=' || pg_get_expr(d.adbin, d.adrelid)"
                + " from pg_attrdef d join pg_attribute a on a.attrelid = d.adrelid"
                + " and a.attnum = d.adnum where d.adrelid = 'outbox.destination'::regclass"
                + " and a.atttypid = 'interval'::regtype");
    assertFalse(columns.isEmpty());
    for (String column : columns) {
      String[] parts = column.split("=", 2);
      Matcher row = Pattern.compile("(?m)^\\| `" + parts[0] + "` \\| (.*?) \\|").matcher(page);
      assertTrue(row.find(), column);
      assertEquals(
          List.of("t"),
          database.query("select interval '" + row.group(1) + "' = " + parts[1]),
          column + " and not " + row.group(1));
    }
  }

  /** Each error that the SQL files raise, with its SQLSTATE; add a row for a new one. */
  @Test
  void errors_ofThePage_areThoseOfTheSql() throws Exception {
    Page page = Page.of(FOLDER.resolve("errors.md"));
    Set<String> described = new TreeSet<>();
    for (String heading : page.headings(2)) {
      Matcher state = Pattern.compile("([0-9A-Z]{5}) `(\\w+)`").matcher(heading);
      if (state.matches()) {
        assertEquals(RaisedErrors.state(state.group(2)), state.group(1), heading);
        Pattern.compile("(?m)^\\| `(.+?)` \\| \\S")
            .matcher(page.section(heading))
            .results()
            .forEach(row -> described.add(state.group(1) + " " + row.group(1)));
      }
    }
    assertFalse(described.isEmpty());
    assertEquals(lines(RaisedErrors.all()), lines(described));
  }

  /** What {@code outbox.explain} may say, with its reasons. */
  @Test
  void reasons_ofExplain_areThoseOfTheFunction() throws Exception {
    Page page = Page.of(FOLDER.resolve("sql.md"));
    assertEquals(
        lines(found("(?m)^ +return query select '([a-z ]+)'", files(OPERATE, "explain"))),
        lines(found("(?m)^\\| `([a-z ]+)` \\|", page.section("`outbox.explain`"))));
  }

  /** What the doctor may find. */
  @Test
  void findings_ofThePage_areThoseOfTheDoctor() throws Exception {
    String sql = files(DOCTOR, "");
    Set<String> findings =
        found(
            "(?:'(?:error|warning|info)'|end)(?: as severity)?, '((?:[a-z ]|'')+)'(?: as|,)", sql);
    findings.addAll(found("(?:then|else) '(trigger [a-z]+)'", sql));
    findings.addAll(found("ERROR,\\s+\"([a-z ]+)\"", files(CLI, "DoctorCommand")));
    Page page = Page.of(FOLDER.resolve("doctor.md"));
    assertEquals(
        lines(findings), lines(found("(?m)^\\| `([a-z' ]+)` \\|", page.section("Findings"))));
  }

  /** What a writer's session may set. */
  @Test
  void settings_ofThePage_areThoseThatAreAskedFor() throws Exception {
    Page page = Page.of(FOLDER.resolve("sql.md"));
    assertEquals(
        lines(Settings.all()),
        lines(found("(?m)^\\| `outbox\\.(\\w+)` \\|", page.section("Settings"))));
  }

  /** They stand on the page that explains them. */
  @Test
  void states_ofThePage_areThoseOfTheTable() throws Exception {
    Page page = Page.of(Path.of("docs/understand/how-it-works.md"));
    Set<String> states =
        new TreeSet<>(
            database.query(
                """
                select distinct m[1] from pg_constraint c,
                  regexp_matches(pg_get_constraintdef(c.oid), '''(\\w+)''::text', 'g') m
                where c.conrelid = 'outbox.parked'::regclass
                  and pg_get_constraintdef(c.oid) like '%(state = ANY%'
                """));
    assertEquals(
        lines(states),
        lines(found("(?m)^\\| `(\\w+)` \\|", page.section("The states of a message"))));
  }

  /** The list at the top leads to each function. */
  @Test
  void index_ofTheFunctions_namesEach() {
    Page page = Page.of(FOLDER.resolve("sql.md"));
    Set<String> headings = new TreeSet<>();
    objects(page).forEach(name -> headings.add("#outbox" + name));
    Set<String> linked = new TreeSet<>();
    page.links().stream().filter(link -> link.startsWith("#outbox")).forEach(linked::add);
    assertEquals(lines(headings), lines(linked));
  }

  /** The files of a folder whose names hold a word, one after the other. */
  private static String files(Path folder, String word) throws IOException {
    StringBuilder text = new StringBuilder();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> each.toString().contains(word)).toList()) {
        text.append(Files.readString(file));
      }
    }
    return text.toString();
  }

  private static Set<String> found(String pattern, String text) {
    Set<String> found = new TreeSet<>();
    Pattern.compile(pattern)
        .matcher(text)
        .results()
        .forEach(each -> found.add(each.group(1).replace("''", "'")));
    assertFalse(found.isEmpty(), () -> "nothing is like " + pattern);
    return found;
  }

  /** The examples of the functions run, one after the other. */
  @Test
  void examples_ofTheFunctions_work() throws Exception {
    try (TestDatabase clean = TestDatabase.create();
        PageRun run = new PageRun(Page.of(FOLDER.resolve("sql.md")), clean, folder)) {
      run.run();
    }
  }

  private static String lines(Set<String> set) {
    return String.join("\n", set);
  }
}
