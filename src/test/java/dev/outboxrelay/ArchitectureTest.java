// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.type;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.FileReader;
import java.io.FileWriter;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.sql.SQLException;
import java.text.NumberFormat;
import java.text.SimpleDateFormat;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.Calendar;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import java.util.TimeZone;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Packages point one way, and what a package must not know it does not know. */
final class ArchitectureTest {
  private static final String ROOT = "dev.outboxrelay";

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  /** What the lower packages may use of ours; a package that is not listed is bound by cycles. */
  private static final Map<String, List<String>> MAY_USE =
      Map.of(
          "values", List.of(),
          "embedded", List.of(),
          "threads", List.of(),
          "http", List.of("threads"),
          "format", List.of("values"),
          "sink", List.of("values", "threads"),
          "store", List.of("values", "format", "threads"),
          "relay", List.of("values", "format", "sink", "store", "threads"),
          "operate", List.of("values", "format", "sink", "store"),
          "console", List.of("operate", "store", "http", "threads"));

  static List<String> lowerPackages() {
    return MAY_USE.keySet().stream().sorted().toList();
  }

  @ParameterizedTest
  @MethodSource("lowerPackages")
  void package_listed_usesOnlyWhatIsBelowIt(String name) {
    DescribedPredicate<JavaClass> own = resideInAPackage(ROOT + "." + name + "..");
    DescribedPredicate<JavaClass> below =
        resideInAnyPackage(
            MAY_USE.get(name).stream().map(p -> ROOT + "." + p + "..").toArray(String[]::new));
    noClasses()
        .that(own)
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + "..")
                .and(DescribedPredicate.not(own))
                .and(DescribedPredicate.not(below)))
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void packages_all_haveNoCycles() {
    slices()
        .matching(ROOT + ".(**)")
        .should()
        .beFreeOfCycles()
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  /** Nested types count with their outer class. */
  @Test
  void classes_ofOnePackage_haveNoCycles() {
    assertEquals(Map.of(), ClassCycles.of(CLASSES));
  }

  @Test
  void cycle_longOrShort_isFound() {
    Map<String, Set<String>> uses =
        Map.of(
            "A", Set.of("B"),
            "B", Set.of("C"),
            "C", Set.of("A", "D"),
            "D", Set.of("E"),
            "E", Set.of("D"),
            "F", Set.of("A"));
    assertEquals(Set.of("A", "B", "C", "D", "E"), ClassCycles.inCycles(uses));
  }

  /** The rooms of the engine, and what each may use of the others. */
  private static final Map<String, Set<String>> ROOMS =
      Map.ofEntries(
          Map.entry("events", Set.of()),
          Map.entry("loop", Set.of("events")),
          Map.entry("ordering", Set.of()),
          Map.entry("sessions", Set.of("loop")),
          Map.entry("reading", Set.of("ordering", "sessions", "loop", "events")),
          Map.entry("delivery", Set.of("ordering", "loop", "events")),
          Map.entry("settling", Set.of("reading", "ordering", "loop", "events")),
          Map.entry(
              "lane", Set.of("reading", "delivery", "settling", "ordering", "loop", "events")),
          Map.entry("ownership", Set.of("lane", "sessions", "loop", "events")),
          Map.entry("sweep", Set.of("ownership", "lane", "reading", "sessions", "loop", "events")));

  static List<String> rooms() {
    return ROOMS.keySet().stream().sorted().toList();
  }

  @ParameterizedTest
  @MethodSource("rooms")
  void room_ofTheEngine_usesOnlyTheRoomsBelowIt(String name) {
    String engine = ROOT + ".relay";
    String[] allowed =
        Stream.concat(Stream.of(name), ROOMS.get(name).stream())
            .map(room -> engine + "." + room)
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(engine + "." + name)
        .should()
        .dependOnClassesThat(
            resideInAPackage(engine + "..")
                .and(DescribedPredicate.not(resideInAnyPackage(allowed))))
        .check(CLASSES);
  }

  @Test
  void rooms_ofTheEngine_areAllListed() {
    Set<String> found =
        CLASSES.stream()
            .map(JavaClass::getPackageName)
            .filter(name -> name.startsWith(ROOT + ".relay."))
            .map(name -> name.substring((ROOT + ".relay.").length()))
            .collect(Collectors.toSet());
    assertEquals(ROOMS.keySet(), found);
  }

  /** What stands in the rooms is public for the other rooms, and for nobody else. */
  @Test
  void engine_fromOutside_showsFewTypes() {
    Set<String> shown = Set.of("Relay", "RelayConfig", "RelayEvents", "FanOut", "Wake");
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".relay..")
        .should()
        .dependOnClassesThat(
            resideInAPackage(ROOT + ".relay..")
                .and(
                    DescribedPredicate.describe(
                        "are not " + shown,
                        type -> !shown.contains(outermost(type).getSimpleName()))))
        .check(CLASSES);
  }

  private static JavaClass outermost(JavaClass type) {
    JavaClass outer = type;
    while (outer.getEnclosingClass().isPresent()) {
      outer = outer.getEnclosingClass().get();
    }
    return outer;
  }

  /** SQLException alone may pass through: it is how the store says that the database failed. */
  @Test
  void relay_engine_knowsNeitherSqlNorSockets() {
    DescribedPredicate<JavaClass> sqlOrSockets =
        resideInAnyPackage(
                "java.sql..",
                "javax.sql..",
                "org.postgresql..",
                "com.zaxxer..",
                "org.flywaydb..",
                "io.netty..",
                "java.nio.channels..")
            .and(DescribedPredicate.not(type(SQLException.class)));
    noClasses()
        .that()
        .resideInAnyPackage(ROOT + ".relay..", ROOT + ".format..", ROOT + ".values..")
        .should()
        .dependOnClassesThat(sqlOrSockets)
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void sink_transport_knowsNothingOfTheDatabase() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".sink..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql..", "javax.sql..", "org.postgresql..", "com.zaxxer..")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  @Test
  void store_sql_knowsNothingOfSockets() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".store..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty..", "java.nio.channels..")
        .allowEmptyShould(true)
        .check(CLASSES);
  }

  /** The machine's time zone, locale and encoding decide nothing: each is named where it counts. */
  @Test
  void defaultsOfTheRuntime_anywhere_areNotAskedFor() {
    noClasses()
        .should()
        .callMethod(TimeZone.class, "getDefault")
        .orShould()
        .callMethod(ZoneId.class, "systemDefault")
        .orShould()
        .callMethod(LocalDate.class, "now")
        .orShould()
        .callMethod(LocalDateTime.class, "now")
        .orShould()
        .callMethod(Locale.class, "getDefault")
        .orShould()
        .callMethod(Charset.class, "defaultCharset")
        .orShould()
        .callMethod(String.class, "format", String.class, Object[].class)
        .orShould()
        .callMethod(String.class, "formatted", Object[].class)
        .orShould()
        .callMethod(String.class, "toLowerCase")
        .orShould()
        .callMethod(String.class, "toUpperCase")
        .orShould()
        .callMethod(String.class, "getBytes")
        .orShould()
        .callConstructor(String.class, byte[].class)
        .orShould()
        .callMethod(PrintWriter.class, "printf", String.class, Object[].class)
        .orShould()
        .callMethod(PrintStream.class, "printf", String.class, Object[].class)
        .orShould()
        .callConstructor(PrintWriter.class, OutputStream.class)
        .orShould()
        .callConstructor(PrintWriter.class, OutputStream.class, boolean.class)
        .orShould()
        .callConstructor(InputStreamReader.class, InputStream.class)
        .orShould()
        .callConstructor(OutputStreamWriter.class, OutputStream.class)
        .orShould()
        .dependOnClassesThat()
        .belongToAnyOf(
            Scanner.class,
            FileReader.class,
            FileWriter.class,
            Calendar.class,
            SimpleDateFormat.class,
            NumberFormat.class)
        .because("it would do something else on another machine")
        .check(CLASSES);
  }

  /** Standard output belongs to the commands; everything else logs or reports by events. */
  @Test
  void standardStreams_outsideCommands_areNotTouched() {
    noClasses()
        .that()
        .resideInAnyPackage(
            ROOT + ".values..",
            ROOT + ".format..",
            ROOT + ".sink..",
            ROOT + ".store..",
            ROOT + ".relay..",
            ROOT + ".operate..",
            ROOT + ".embedded..")
        .should(ACCESS_STANDARD_STREAMS)
        .allowEmptyShould(true)
        .check(CLASSES);
  }
}
