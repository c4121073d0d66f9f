// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.operate.WantedCapture;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;
import org.yaml.snakeyaml.resolver.Resolver;

/**
 * The file of {@code apply}: destinations and captures in YAML. Values are the texts that were
 * written, which the database understands as in SQL. What it does not know is refused with its
 * line: a slip of the pen would leave a setting at its default without a word.
 */
final class OutboxFile {
  private static final int MOST_BYTES = 1 << 20;
  private static final List<String> SECTIONS = List.of("destinations", "captures");
  private static final List<String> CAPTURE =
      List.of(
          "table",
          "destination",
          "key",
          "operations",
          "columns",
          "except_columns",
          "condition",
          "include_old",
          "skip_unchanged",
          "fires",
          "notify");
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String name;
  private final Collection<String> settings;
  private final Map<String, Map<String, @Nullable String>> destinations = new LinkedHashMap<>();
  private final List<WantedCapture> captures = new ArrayList<>();

  private OutboxFile(String name, Collection<String> settings) {
    this.name = name;
    this.settings = settings;
  }

  /** Settings by destination. */
  Map<String, Map<String, @Nullable String>> destinations() {
    return destinations;
  }

  List<WantedCapture> captures() {
    return captures;
  }

  /** What stands in a file; {@code -} is standard input. */
  static String text(String file) {
    try (InputStream in = file.equals("-") ? System.in : Files.newInputStream(Path.of(file))) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      if (bytes.length > MOST_BYTES) {
        throw new UserError(ExitCode.USAGE, file + ": it has more than 1 MB");
      }
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (NoSuchFileException e) {
      throw new UserError(ExitCode.USAGE, file + ": there is no such file");
    } catch (CharacterCodingException e) {
      throw new UserError(ExitCode.USAGE, file + ": it is not UTF-8");
    } catch (IOException e) {
      throw new UserError(
          ExitCode.USAGE, file + ": it cannot be read: " + e.getClass().getSimpleName());
    }
  }

  /**
   * Reads one.
   *
   * @param name for what is said of it
   * @param settings those of a destination
   */
  static OutboxFile read(String name, String text, Collection<String> settings) {
    OutboxFile file = new OutboxFile(name, settings);
    LoaderOptions options = new LoaderOptions();
    options.setMaxAliasesForCollections(0);
    options.setNestingDepthLimit(20);
    try {
      Node root =
          new Composer(new ParserImpl(new StreamReader(text), options), new Resolver(), options)
              .getSingleNode();
      if (root == null) {
        throw new UserError(ExitCode.USAGE, name + ": it is empty");
      }
      file.root(root);
    } catch (MarkedYAMLException e) {
      throw new UserError(
          ExitCode.USAGE,
          name + ": no YAML: " + e.getProblem() + line(e.getProblemMark().getLine()));
    } catch (YAMLException e) {
      throw new UserError(
          ExitCode.USAGE,
          name + ": " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""));
    }
    return file;
  }

  private void root(Node root) {
    Map<String, Node> sections = mapping(root, "the file", SECTIONS);
    Node here = sections.get("destinations");
    if (here != null) {
      mapping(here, "destinations", null)
          .forEach((destination, node) -> destinations.put(destination, destination(node)));
    }
    here = sections.get("captures");
    if (here == null) {
      return;
    }
    if (!(here instanceof SequenceNode list)) {
      throw problem(here, "captures is no list");
    }
    Set<String> seen = new LinkedHashSet<>();
    for (Node each : list.getValue()) {
      WantedCapture capture = capture(each);
      if (!seen.add(capture.table() + " for " + capture.destination())) {
        throw problem(
            each, capture.table() + " for " + capture.destination() + " stands there twice");
      }
      captures.add(capture);
    }
  }

  private Map<String, @Nullable String> destination(Node node) {
    Map<String, @Nullable String> values = new LinkedHashMap<>();
    mapping(node, "a destination", settings)
        .forEach((setting, value) -> values.put(setting, setting(value)));
    return values;
  }

  /** Options may be written as YAML, or as the text of JSON. */
  private @Nullable String setting(Node value) {
    if (value instanceof ScalarNode scalar) {
      return scalar(scalar);
    }
    try {
      return JSON.writeValueAsString(json(value));
    } catch (JsonProcessingException e) {
      throw problem(value, "it cannot be written as JSON");
    }
  }

  private @Nullable Object json(Node node) {
    if (node instanceof MappingNode) {
      Map<String, @Nullable Object> object = new LinkedHashMap<>();
      mapping(node, "options", null).forEach((key, value) -> object.put(key, json(value)));
      return object;
    }
    if (node instanceof SequenceNode list) {
      List<@Nullable Object> array = new ArrayList<>();
      list.getValue().forEach(each -> array.add(json(each)));
      return array;
    }
    String text = scalar((ScalarNode) node);
    if (text == null) {
      return null;
    }
    boolean plain = ((ScalarNode) node).isPlain();
    if (plain && (text.equals("true") || text.equals("false"))) {
      return Boolean.valueOf(text);
    }
    return plain && text.matches("-?(0|[1-9]\\d*)(\\.\\d+)?")
        ? new java.math.BigDecimal(text)
        : text;
  }

  private WantedCapture capture(Node node) {
    Map<String, Node> values = mapping(node, "a capture", CAPTURE);
    String table = text(values, "table");
    String destination = text(values, "destination");
    if (table == null || destination == null) {
      throw problem(node, "a capture needs a table and a destination");
    }
    List<String> operations = list(values, "operations");
    String fires = text(values, "fires");
    return new WantedCapture(
        table,
        destination,
        list(values, "key"),
        operations == null ? List.of("insert", "update", "delete") : operations,
        list(values, "columns"),
        list(values, "except_columns"),
        text(values, "condition"),
        is(values, "include_old", true),
        is(values, "skip_unchanged", false),
        fires == null ? "origin" : fires,
        is(values, "notify", true));
  }

  private @Nullable String text(Map<String, Node> values, String key) {
    Node node = values.get(key);
    if (node == null) {
      return null;
    }
    if (!(node instanceof ScalarNode scalar)) {
      throw problem(node, key + " is no text");
    }
    return scalar(scalar);
  }

  private boolean is(Map<String, Node> values, String key, boolean otherwise) {
    String text = text(values, key);
    if (text == null) {
      return otherwise;
    }
    if (!text.equals("true") && !text.equals("false")) {
      throw problem(values.get(key), key + " is '" + text + "', need true or false");
    }
    return text.equals("true");
  }

  private @Nullable List<String> list(Map<String, Node> values, String key) {
    Node node = values.get(key);
    if (node == null || node instanceof ScalarNode scalar && scalar(scalar) == null) {
      return null;
    }
    Predicate<Node> isText = each -> each instanceof ScalarNode;
    if (!(node instanceof SequenceNode list) || !list.getValue().stream().allMatch(isText)) {
      throw problem(node, key + " is no list of names: write [one, other]");
    }
    return list.getValue().stream().map(each -> ((ScalarNode) each).getValue()).toList();
  }

  /** As it was written; null for {@code null}, {@code ~} and nothing. */
  private static @Nullable String scalar(ScalarNode node) {
    return node.getTag().equals(Tag.NULL) ? null : node.getValue();
  }

  /** By key, in order; of an empty one nothing. */
  private Map<String, Node> mapping(Node node, String what, @Nullable Collection<String> known) {
    if (node instanceof ScalarNode scalar && scalar(scalar) == null) {
      return Map.of();
    }
    if (!(node instanceof MappingNode mapping)) {
      throw problem(node, what + " is no mapping of keys to values");
    }
    Map<String, Node> values = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      if (!(tuple.getKeyNode() instanceof ScalarNode scalar)) {
        throw problem(tuple.getKeyNode(), "a key is no text");
      }
      String key = scalar.getValue();
      if (known != null && !known.contains(key)) {
        throw problem(
            scalar,
            "'"
                + key
                + "' is no key of "
                + what
                + "; did you mean '"
                + Nearest.of(key, known)
                + "'?");
      }
      if (values.put(key, tuple.getValueNode()) != null) {
        throw problem(scalar, "'" + key + "' is given twice: give it once");
      }
    }
    return values;
  }

  private UserError problem(@Nullable Node node, String what) {
    String where = node == null ? "" : line(node.getStartMark().getLine());
    return new UserError(ExitCode.USAGE, name + ": " + what + where);
  }

  private static String line(int fromZero) {
    return " (line " + (fromZero + 1) + ")";
  }
}
