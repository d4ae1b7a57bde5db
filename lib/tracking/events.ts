import { ProtobufWriter } from "../files/protobuf.js";

// TensorBoard's `Event` message, as far as it is used here; field numbers from event.proto, summary.proto,
// tensor.proto and the custom-scalars plugin's layout.proto (tensorboard/compat/proto, tensorboard/plugins).

const DT_STRING = 7;
const SESSION_START = 1;

/** A group of charts under one heading of the "Custom Scalars" tab. */
export interface ChartGroup {
  title: string;
  charts: readonly { title: string; tags: readonly string[] }[];
}

/** The first event of every file. */
export function versionEvent(wallTimeSec: number): Uint8Array {
  return new ProtobufWriter().double(1, wallTimeSec).string(3, "brain.Event:2").finish();
}

/** One value of one curve. @param value rounded to single precision, which is what TensorBoard keeps */
export function scalarEvent(tag: string, step: number, value: number, wallTimeSec: number): Uint8Array {
  return startEvent(wallTimeSec, step)
    .message(5, (summary) => summary.message(1, (item) => item.string(1, tag).float(2, value)))
    .finish();
}

/**
 * Says that writing (re)starts here: readers drop what older files say about this step and later ones, which is
 * what an interrupted run wrote after its last checkpoint.
 */
export function sessionStartEvent(step: number, wallTimeSec: number): Uint8Array {
  return startEvent(wallTimeSec, step)
    .message(7, (session) => session.integer(1, SESSION_START))
    .finish();
}

/**
 * Which curves share a chart in the "Custom Scalars" tab. TensorBoard reads each tag as a regular expression that
 * must match from the start; they are written escaped and closed with `$`, so that `Recall@10` does not also draw
 * `Recall@10/typos_prob=0.5`.
 */
export function layoutEvent(groups: readonly ChartGroup[], wallTimeSec: number): Uint8Array {
  const layout = new ProtobufWriter();
  for (const { title, charts } of groups) {
    layout.message(2, (group) => {
      group.string(1, title);
      for (const chart of charts) {
        group.message(2, (inner) => {
          inner.string(1, chart.title);
          inner.message(2, (lines) => {
            for (const tag of chart.tags) lines.string(1, `${tag.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`);
          });
        });
      }
    });
  }
  const content = layout.finish();
  return new ProtobufWriter()
    .double(1, wallTimeSec)
    .message(5, (summary) => {
      summary.message(1, (item) => {
        item.string(1, "custom_scalars__config__");
        item.message(8, (tensor) =>
          tensor
            .integer(1, DT_STRING)
            .message(2, () => {})
            .bytes(8, content),
        );
        item.message(9, (metadata) => metadata.message(1, (plugin) => plugin.string(1, "custom_scalars")));
      });
    })
    .finish();
}

/** proto3 leaves a step of 0 out. */
function startEvent(wallTimeSec: number, step: number): ProtobufWriter {
  const event = new ProtobufWriter().double(1, wallTimeSec);
  return step === 0 ? event : event.integer(2, step);
}
