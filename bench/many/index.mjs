// 500 tools such as twenty MCP servers would bring: 25 each, with schemas of their own. They answer with samples.

/** Of each server: what it is, and its things with the fields that only they have. */
const SERVERS = {
  github: [
    "Repositories, issues and pull requests on GitHub.",
    {
      issue:
        "repository:The repository, owner/name.|labels[]:Labels to filter by.|assignee:Login of who works on it.",
      pull_request:
        "repository:The repository, owner/name.|base:Branch to merge into.|draft?:Not ready for review.",
      release:
        "repository:The repository, owner/name.|tag:Git tag of the release.|prerelease?:Not for production.",
      workflow_run:
        "repository:The repository, owner/name.|branch:Branch that it ran on.|attempt#:Counts from 1.",
      gist: "file_name:Name of the file in it.|public?:Whether everybody can find it.",
    },
  ],
  gitlab: [
    "Projects, merge requests and pipelines on GitLab.",
    {
      merge_request:
        "project:Path of the project.|target_branch:Branch to merge into.|squash?:Into one commit.",
      pipeline: "project:Path of the project.|ref:Branch or tag.|source:What started it.",
      milestone: "project:Path of the project.|due_date:YYYY-MM-DD.|start_date:YYYY-MM-DD.",
      deploy_key: "project:Path of the project.|key:Public key, OpenSSH format.|can_push?:Write access.",
      snippet: "file_name:Name of the file.|visibility:private, internal or public.",
    },
  ],
  slack: [
    "Channels, messages and people of a Slack workspace.",
    {
      message:
        "channel:Id of the channel.|text:Slack's markup.|thread_ts:Timestamp of the thread's first message.",
      channel: "topic:Shown at the top.|private?:Only for members.|member_count#:People in it.",
      reaction: "channel:Id of the channel.|emoji:Name without colons.|timestamp:Of the message.",
      reminder: "user:Whom to remind.|time:When, ISO 8601.|text:What about.",
      user_group: "handle:The @name of the group.|users[]:Ids of its members.",
    },
  ],
  jira: [
    "Issues, sprints and boards in Jira.",
    {
      ticket: "project:Key of the project.|issue_type:Bug, Story or Task.|story_points#:Estimated effort.",
      sprint: "board:Id of the board.|goal:What the team wants to reach.|end_date:YYYY-MM-DD.",
      epic: "project:Key of the project.|color:Shown on boards.|progress%:Share of tickets that are done.",
      worklog: "ticket:Key of the ticket.|seconds#:Time spent.|comment:What was done.",
      board: "project:Key of the project.|board_type:scrum or kanban.",
    },
  ],
  gmail: [
    "Mail of the signed-in Google account.",
    {
      email: "to[]:Addresses of the recipients.|subject:Subject line.|body:Plain text or HTML.|cc[]:Copies.",
      draft: "to[]:Addresses of the recipients.|subject:Subject line.|body:Plain text or HTML.",
      mail_label: "color:Background, #rrggbb.|hidden?:Not in the list of labels.",
      attachment: "message:Id of the mail.|file_name:Name of the file.|size#:Bytes.",
      mail_filter: "from:Sender to match.|query:Search terms to match.|forward_to:Address.",
    },
  ],
  calendar: [
    "Calendars and meetings of the signed-in Google account.",
    {
      event:
        "start:ISO 8601, with offset.|end:ISO 8601, with offset.|attendees[]:Mail addresses.|location:Room or URL.",
      calendar: "time_zone:IANA name.|color:#rrggbb.|primary?:The account's own.",
      free_slot: "duration_minutes#:Length.|attendees[]:Who must be free.|within_days#:How far ahead.",
      room: "building:Name of the building.|capacity#:Seats.|equipment[]:Screens, phones, boards.",
      invitation: "event:Id of the event.|response:accepted, declined or tentative.",
    },
  ],
  drive: [
    "Files and folders in Google Drive.",
    {
      file: "folder:Id of the folder.|mime_type:Kind of the file.|size#:Bytes.",
      folder: "parent:Id of the folder above.|color:#rrggbb.",
      permission: "file:Id of the file.|email:Who gets it.|role:reader, commenter or writer.",
      revision: "file:Id of the file.|author:Who changed it.|kept?:Never deleted.",
      document_comment: "file:Id of the file.|text:What it says.|resolved?:Dealt with.",
    },
  ],
  notion: [
    "Pages and databases of a Notion workspace.",
    {
      page: "parent:Id of the page or database above.|icon:An emoji.|archived?:In the trash.",
      database: "parent:Id of the page above.|properties[]:Names of its columns.",
      block: "page:Id of the page.|kind:paragraph, heading or list item.|text:Its content.",
      page_comment: "page:Id of the page.|text:What it says.|discussion:Id of the thread.",
      workspace_member: "email:Mail address.|role:member, guest or owner.",
    },
  ],
  stripe: [
    "Payments, customers and subscriptions in Stripe.",
    {
      customer: "email:Mail address.|balance#:Cents; negative is credit.|currency:ISO 4217 code.",
      invoice: "customer:Id of the customer.|amount_due#:Cents.|due_date:YYYY-MM-DD.|paid?:Whether it is.",
      refund:
        "charge:Id of the charge.|amount#:Cents; all where left out.|reason:duplicate, fraudulent or requested.",
      subscription:
        "customer:Id of the customer.|price:Id of the price.|cancel_at_period_end?:Ends by itself.",
      payment_link: "price:Id of the price.|quantity#:How many.|active?:Can be paid.",
    },
  ],
  salesforce: [
    "Accounts, leads and opportunities in Salesforce.",
    {
      account: "industry:Line of business.|annual_revenue#:In the account's currency.|owner:Id of the user.",
      lead: "company:Where they work.|email:Mail address.|rating:hot, warm or cold.",
      opportunity:
        "account:Id of the account.|stage:Where the sale stands.|close_date:YYYY-MM-DD.|probability%:To win.",
      contact: "account:Id of the account.|email:Mail address.|phone:With country code.",
      campaign: "budget#:In the account's currency.|start_date:YYYY-MM-DD.|active?:Running now.",
    },
  ],
  zendesk: [
    "Support tickets and help articles in Zendesk.",
    {
      support_ticket:
        "requester:Mail address of who asks.|priority:low, normal, high or urgent.|tags[]:Its tags.",
      ticket_comment: "ticket:Id of the ticket.|body:What it says.|public?:Seen by the requester.",
      help_article: "section:Id of the section.|locale:Language, as en-us.|promoted?:Shown first.",
      agent: "email:Mail address.|group:Id of the group.|role:agent or admin.",
      satisfaction_rating: "ticket:Id of the ticket.|score:good or bad.|comment:What they wrote.",
    },
  ],
  sentry: [
    "Errors and releases that Sentry has recorded.",
    {
      error_group: "project:Slug of the project.|level:error, warning or info.|times_seen#:Events in it.",
      error_event:
        "group:Id of the error.|environment:production, staging or other.|release:Version of the program.",
      alert_rule: "project:Slug of the project.|threshold#:Events in an hour.|targets[]:Whom to tell.",
      source_map: "release:Version of the program.|file_name:Name of the file.",
      performance_trace:
        "project:Slug of the project.|transaction:Name of the endpoint.|p95_ms#:Milliseconds.",
    },
  ],
  datadog: [
    "Metrics, logs and monitors in Datadog.",
    {
      metric: "query:Datadog's metric query.|from:ISO 8601.|to:ISO 8601.",
      log_entry:
        "query:Search in Datadog's syntax.|service:Name of the service.|limit_bytes#:Cuts long ones.",
      monitor: "query:What is watched.|message:Who is told what.|muted?:Says nothing for now.",
      dashboard: "layout:ordered or free.|widgets[]:Titles of its widgets.",
      downtime: "scope[]:Tags of what is silent.|start:ISO 8601.|end:ISO 8601.",
    },
  ],
  postgres: [
    "Tables and queries of a PostgreSQL database.",
    {
      table: "schema:Schema that it is in.|row_estimate#:As of the last analysis.|columns[]:Their names.",
      table_row: "table:Schema and name.|where:Condition in SQL.|order_by[]:Columns.",
      index: "table:Schema and name.|columns[]:In order.|unique?:No two rows alike.",
      role: "login?:May connect.|connection_limit#:-1 for none.",
      slow_query: "database:Name of the database.|min_ms#:Milliseconds.|calls#:How often.",
    },
  ],
  s3: [
    "Buckets and objects in Amazon S3.",
    {
      bucket: "region:As eu-central-1.|versioning?:Keeps old objects.",
      object: "bucket:Name of the bucket.|key:Path in it.|storage_class:How it is kept.",
      presigned_url: "bucket:Name of the bucket.|key:Path in it.|expires_s#:Seconds.",
      lifecycle_rule: "bucket:Name of the bucket.|prefix:Which objects.|days#:Age at which it acts.",
      multipart_upload: "bucket:Name of the bucket.|key:Path in it.|parts#:Number of parts.",
    },
  ],
  kubernetes: [
    "Workloads of a Kubernetes cluster.",
    {
      pod: "namespace:Namespace.|node:Where it runs.|restarts#:How often it was started again.",
      deployment: "namespace:Namespace.|replicas#:Pods that it wants.|image:Container image.",
      config_map: "namespace:Namespace.|keys[]:Names in it.|immutable?:Cannot change.",
      ingress: "namespace:Namespace.|host:Domain name.|tls?:Has a certificate.",
      cron_job: "namespace:Namespace.|schedule:As cron writes it.|suspended?:Not run for now.",
    },
  ],
  shopify: [
    "Products and orders of a Shopify store.",
    {
      product: "vendor:Who makes it.|product_type:Its category.|price#:Cents.|published?:In the store.",
      order: "customer:Id of the customer.|financial_status:paid, pending or refunded.|total#:Cents.",
      discount_code: "code:What buyers type.|percent%:Off the price.|ends_at:ISO 8601.",
      inventory_level: "location:Id of the warehouse.|sku:Stock keeping unit.|available#:Pieces.",
      shipment: "order:Id of the order.|carrier:Who delivers it.|tracking_number:Of the carrier.",
    },
  ],
  hubspot: [
    "Contacts, deals and marketing in HubSpot.",
    {
      deal: "pipeline:Id of the pipeline.|amount#:In the account's currency.|stage:Where it stands.",
      marketing_email: "subject:Subject line.|list:Id of the recipients' list.|send_at:ISO 8601.",
      form_submission: "form:Id of the form.|page_url:Where it was sent.|fields[]:Names of the fields.",
      company: "domain:Web domain.|city:Where it sits.|employees#:How many.",
      call_record: "contact:Id of the contact.|duration_s#:Seconds.|outcome:reached, missed or voicemail.",
    },
  ],
  weather: [
    "Weather: observed, forecast and warned of.",
    {
      forecast: "latitude%:Degrees.|longitude%:Degrees.|days#:1 to 14.",
      observation: "station:Id of the station.|temperature%:Degrees Celsius.|wind_kmh%:Wind speed.",
      severe_warning: "region:Name of the region.|severity:minor, moderate or severe.|expires:ISO 8601.",
      air_quality: "city:Name of the city.|pollutants[]:Which ones.|index#:0 to 500.",
      tide: "port:Name of the port.|height_m%:Metres.|time:ISO 8601.",
    },
  ],
  travel: [
    "Flights, hotels and trains to book.",
    {
      flight: "origin:IATA code.|destination:IATA code.|depart_on:YYYY-MM-DD.|max_stops#:0 for nonstop.",
      hotel: "city:Name of the city.|check_in:YYYY-MM-DD.|check_out:YYYY-MM-DD.|stars#:At least.",
      train: "from_station:Name of the station.|to_station:Name of the station.|first_class?:Better seats.",
      rental_car: "pick_up:Where.|category:compact, van or luxury.|days#:How long.",
      booking: "traveller:Name as in the passport.|price#:Cents.|refundable?:Can be given back.",
    },
  ],
};

const TEXT = { type: "string" };
const KINDS = {
  "": TEXT,
  "[]": { type: "array", items: TEXT },
  "?": { type: "boolean" },
  "#": { type: "integer" },
  "%": { type: "number" },
};
const SAMPLES = { string: "sample", array: ["sample"], boolean: true, integer: 3, number: 0.5 };

/** `repository:The repository.|labels[]:Labels.` as properties of a schema. */
function properties(fields) {
  return Object.fromEntries(
    fields.split("|").map((field) => {
      const [, name, kind, description] = /^(\w+)([^:]*):(.*)$/.exec(field);
      return [name, { ...KINDS[kind], description }];
    }),
  );
}

const VERBS = {
  list: (thing, fields) => ({
    description: `Lists ${plural(words(thing))}, the latest first.`,
    input: {
      ...fields,
      limit: { type: "integer", default: 20, minimum: 1, maximum: 100, description: "At most." },
    },
    required: Object.keys(fields).slice(0, 1),
    many: true,
  }),
  get: (thing) => ({
    description: `Reads one ${words(thing)} by its id.`,
    input: id(thing),
    required: ["id"],
  }),
  create: (thing, fields) => ({
    description: `Creates a new ${words(thing)} and gives it back.`,
    input: { name: { ...TEXT, description: `What to call the ${words(thing)}.` }, ...fields },
    required: ["name", ...Object.keys(fields).slice(0, 1)],
  }),
  update: (thing, fields) => ({
    description: `Changes a ${words(thing)}; what is left out stays as it is.`,
    input: { ...id(thing), ...fields },
    required: ["id"],
  }),
  delete: (thing) => ({
    description: `Deletes a ${words(thing)} for good.`,
    input: id(thing),
    required: ["id"],
    annotations: { destructiveHint: true },
  }),
};

export const tools = Object.entries(SERVERS).flatMap(([server, [, things]]) =>
  Object.entries(things).flatMap(([thing, fields]) =>
    Object.entries(VERBS).map(([verb, describe]) => tool(server, verb, thing, properties(fields), describe)),
  ),
);

/** What each server says of itself, by name. */
export const servers = Object.fromEntries(
  Object.entries(SERVERS).map(([server, [description]]) => [server, description]),
);

function tool(server, verb, thing, fields, describe) {
  const { description, input, required, many = false, annotations } = describe(thing, fields);
  const one = record(thing, fields);
  const outputSchema = many ? list(thing, one) : one;
  return {
    name: `${server}_${verb}_${many ? plural(thing) : thing}`,
    description,
    inputSchema: { type: "object", properties: input, required, additionalProperties: false },
    outputSchema,
    annotations: { readOnlyHint: verb === "list" || verb === "get", ...annotations },
    call: async () => sample(outputSchema),
  };
}

function record(thing, fields) {
  const all = { ...id(thing), name: TEXT, created_at: { ...TEXT, description: "ISO 8601." }, ...fields };
  return { type: "object", properties: all, required: Object.keys(all) };
}

function list(thing, one) {
  return {
    type: "object",
    properties: { [plural(thing)]: { type: "array", items: one }, total: { type: "integer" } },
    required: [plural(thing), "total"],
  };
}

function id(thing) {
  return { id: { ...TEXT, description: `Id of the ${words(thing)}.` } };
}

function sample({ type, properties, items }) {
  if (type === "object")
    return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, sample(schema)]));
  return items?.type === "object" ? [sample(items)] : SAMPLES[type];
}

function words(thing) {
  return thing.replaceAll("_", " ");
}

function plural(thing) {
  if (/[^aeiou]y$/.test(thing)) return thing.replace(/y$/, "ies");
  return /(s|x|ch)$/.test(thing) ? `${thing}es` : `${thing}s`;
}
