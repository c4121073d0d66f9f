// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.TransportKind;
import dev.outboxrelay.sink.all.Transports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/** The compose files: each is whole beside the one at the top, and each transport has one. */
final class ComposeFilesTest {
  private static final Path TOP = Path.of("docker-compose.yml");
  private static final Path START = Path.of("docs", "start");
  private static final Path BROKERS = Path.of("examples", "brokers");
  private static final Pattern VARIABLE = Pattern.compile("process\\.env\\.(\\w+)");
  private static final Pattern PACKAGE = Pattern.compile("require\\('(\\w+)'\\)");
  private static final Pattern MOUNTED = Pattern.compile("/examples/[\\w.-]+");

  private static List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(Path.of("examples"))) {
      return all.filter(file -> file.toString().endsWith(".yml")).sorted().toList();
    }
  }

  private static Map<?, ?> map(Map<?, ?> parent, String name) {
    return parent.get(name) instanceof Map<?, ?> map ? map : Map.of();
  }

  private static List<?> list(Map<?, ?> parent, String name) {
    return parent.get(name) instanceof List<?> list ? list : List.of();
  }

  private static Map<?, ?> read(Path file) throws IOException {
    Object read = new Yaml(new SafeConstructor(new LoaderOptions())).load(Files.readString(file));
    return read instanceof Map<?, ?> map ? map : Map.of();
  }

  /** Its services, those that both files describe merged. */
  private static Map<String, Map<Object, Object>> services(Path... files) throws IOException {
    Map<String, Map<Object, Object>> all = new LinkedHashMap<>();
    for (Path file : files) {
      for (Map.Entry<?, ?> service : map(read(file), "services").entrySet()) {
        all.computeIfAbsent(service.getKey().toString(), name -> new LinkedHashMap<>())
            .putAll((Map<?, ?>) service.getValue());
      }
    }
    return all;
  }

  @Test
  void files_ofTheExamples_areWholeBesideTheOneAtTheTop() throws Exception {
    List<String> wrong = new ArrayList<>();
    for (Path file : files()) {
      Map<String, Map<Object, Object>> services = services(TOP, file);
      assertTrue(services.size() > services(TOP).size(), file + " adds nothing");
      for (Map.Entry<String, Map<Object, Object>> each : services.entrySet()) {
        String name = file + ": " + each.getKey();
        Map<Object, Object> service = each.getValue();
        if (!service.containsKey("image") && !service.containsKey("build")) {
          wrong.add(name + " has no image");
        }
        map(service, "depends_on").keySet().stream()
            .filter(other -> !services.containsKey(other.toString()))
            .forEach(other -> wrong.add(name + " depends on " + other + ", which is not there"));
        wrong.addAll(mounts(name, service, read(file)));
      }
    }
    assertEquals(List.of(), wrong);
  }

  /** Folders that are not there would be made, empty, by the engine. */
  private static List<String> mounts(String name, Map<?, ?> service, Map<?, ?> file)
      throws IOException {
    Set<Object> volumes = new TreeSet<>(map(file, "volumes").keySet().stream().toList());
    map(read(TOP), "volumes").keySet().forEach(volumes::add);
    List<String> wrong = new ArrayList<>();
    Set<String> there = new TreeSet<>();
    for (Object volume : list(service, "volumes")) {
      String from = volume.toString().split(":")[0];
      if (!from.startsWith("./")) {
        if (!volumes.contains(from)) {
          wrong.add(name + " has no volume " + from);
        }
      } else if (!Files.isDirectory(Path.of(from))) {
        wrong.add(name + " has no folder " + from);
      } else {
        try (Stream<Path> files = Files.list(Path.of(from))) {
          files.forEach(each -> there.add("/examples/" + each.getFileName()));
        }
      }
    }
    MOUNTED
        .matcher(list(service, "command").toString())
        .results()
        .filter(used -> !there.contains(used.group()))
        .forEach(used -> wrong.add(name + " has no " + used.group()));
    return wrong;
  }

  /** Its first lines say how it is started and where it goes on; that page says the same. */
  @Test
  void files_ofTheExamples_areWhatTheirPagesStart() throws Exception {
    for (Path file : files()) {
      String text = Files.readString(file);
      assertTrue(
          text.contains("docker compose -f docker-compose.yml -f " + file + " up --build -d"),
          file.toString());
      Path page = Path.of(text.replaceFirst("(?s).*?# (docs/start/[a-z-]+\\.md) .*", "$1"));
      assertTrue(
          Page.of(page).fences().stream()
              .anyMatch(
                  fence -> fence.text().contains("COMPOSE_FILE=docker-compose.yml:" + file + "\n")),
          page + " does not start " + file);
    }
  }

  /** A page with a destination of each scheme, and a compose file that starts what it takes. */
  @Test
  void transports_each_haveAPageToStartFromWithAComposeFile() {
    List<String> without = new ArrayList<>();
    for (TransportKind kind : Transports.KINDS) {
      for (String scheme : kind.schemes()) {
        boolean ofBrokers = TransportKind.speaksTls(scheme) && !scheme.equals("tls");
        if (!ofBrokers && Page.under(START).stream().noneMatch(page -> starts(page, scheme))) {
          without.add(scheme);
        }
      }
    }
    assertEquals(List.of(), without);
  }

  private static boolean starts(Page page, String scheme) {
    return page.links().stream().anyMatch(link -> link.endsWith(".yml"))
        && page.fences().stream()
            .anyMatch(
                fence ->
                    fence.text().contains("insert into outbox.destination")
                        && fence.text().contains("'" + scheme + "://"));
  }

  /** What the compose file starts is what the page tells to save. */
  @Test
  void receivers_ofTheExamples_areThoseOfTheirPages() throws Exception {
    for (Map.Entry<String, String> each :
        Map.of("http.md", "examples/http/webhook.py", "tls.md", "examples/tls/receiver.py")
            .entrySet()) {
      Path example = Path.of(each.getValue());
      String onThePage =
          Page.of(START.resolve(each.getKey())).fences().stream()
              .filter(fence -> fence.file().equals(name(example)))
              .findFirst()
              .orElseThrow()
              .text();
      assertEquals(onThePage, Files.readString(example), example.toString());
    }
  }

  private static Optional<String> name(Path file) {
    return Optional.of(file.getFileName().toString());
  }

  @Test
  void consumers_each_areStartedWithTheirPackagesAndVariables() throws Exception {
    List<Path> consumers;
    try (Stream<Path> files = Files.list(BROKERS)) {
      consumers = files.filter(file -> file.toString().endsWith(".js")).sorted().toList();
    }
    assertEquals(3, consumers.size());
    for (Path consumer : consumers) {
      String script = Files.readString(consumer);
      String name = consumer.getFileName().toString();
      Map<Object, Object> service =
          services(BROKERS.resolve(name.replace(".js", ".yml")))
              .get(name.replace(".js", "-consumer"));
      String command = list(service, "command").toString();
      assertTrue(command.contains(" && node " + name), command);
      String packages = command.replaceFirst(".*npm install ([\\w ]+) &&.*", "$1");
      assertEquals(all(PACKAGE, script), new TreeSet<>(List.of(packages.split(" "))), name);
      for (String variable : all(VARIABLE, script)) {
        assertTrue(map(service, "environment").containsKey(variable), name + ": " + variable);
      }
    }
  }

  private static TreeSet<String> all(Pattern pattern, String text) {
    TreeSet<String> found = new TreeSet<>();
    pattern.matcher(text).results().forEach(each -> found.add(each.group(1)));
    return found;
  }
}
